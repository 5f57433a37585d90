/** Admission: what is asked, in order, of every write before it is validated and stored. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../object.ts'
import type { Kind, RequestContext } from '../kind.ts'

/** One write on its way in; plug-ins may change `object` or put another in its place. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly kind: Kind
  /** Empty for the object itself. */
  readonly subresource: string
  readonly namespace: string | undefined
  /** Empty while a name is still to be generated. */
  readonly name: string
  object: KubernetesObject | undefined
  readonly oldObject: KubernetesObject | undefined
  /** CreateOptions, UpdateOptions or DeleteOptions as webhooks are told. */
  readonly options: Readonly<Record<string, unknown>>
  readonly context: RequestContext
}

/** A plug-in refuses by throwing a Refusal. Those of the server itself must be idempotent: they may run twice. */
export interface AdmissionPlugin {
  readonly name: string
  admit(request: AdmissionRequest): void | Promise<void>
}

/** Webhooks run last; they may be asked again when their like or the server changed the object after them. */
export interface WebhookPlugin {
  /** Answers who was called, so that a second round asks only them, and only those that want it. */
  admit(request: AdmissionRequest): Promise<WebhookRound>
}

export interface WebhookRound {
  /** Asks those again that want it and have not seen the object as it is now. */
  again(request: AdmissionRequest): Promise<void>
}

export interface Admission {
  admit(request: AdmissionRequest): Promise<void>
}

/**
 * The chain: the server's plug-ins, then webhooks, then both once more where webhooks changed something. `checks` see
 * what is left in the end, and change nothing.
 */
export function admissionChain(
  plugins: readonly AdmissionPlugin[],
  webhooks?: WebhookPlugin,
  checks: readonly AdmissionPlugin[] = [],
): Admission {
  const runPlugins = async (request: AdmissionRequest) => {
    for (const plugin of plugins) await plugin.admit(request)
  }
  const change = async (request: AdmissionRequest) => {
    await runPlugins(request)
    if (!webhooks) return
    const before = request.object && structuredClone(request.object)
    const round = await webhooks.admit(request)
    if (isDeepStrictEqual(before, request.object)) return
    redefault(request)
    await runPlugins(request)
    await round.again(request)
    redefault(request)
  }
  return {
    async admit(request) {
      await change(request)
      for (const check of checks) await check.admit(request)
    },
  }
}

/** What a webhook left out gets its default, as after any decoding. */
function redefault({ kind, object, subresource }: AdmissionRequest): void {
  if (object && !subresource) kind.defaults?.(object)
}
