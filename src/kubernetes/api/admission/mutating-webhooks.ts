/** MutatingAdmissionWebhook: asks the configured webhooks, one after another, and applies their patches. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Log } from '../../../audit/log.ts'
import { Refusal } from '../../../kernel/refusal.ts'
import type { KubernetesObject } from '../../object.ts'
import { userInfoOf } from '../authn/user-info.ts'
import type { Kind } from '../kind.ts'
import type { Objects } from '../objects.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import {
  mutatingWebhookConfigurations,
  type Webhook,
} from '../resources/mutating-webhook-configurations.ts'
import { conform, TypeMismatch } from '../schema/conform.ts'
import { type Schema, schemaName } from '../schema/schema.ts'
import { badRequest, internalError, statusRefusal } from '../status.ts'
import type { AdmissionRequest, WebhookPlugin } from './admission.ts'
import { callWebhook, type ServiceAddress, WebhookCallFailure } from './webhook-client.ts'
import { concerns } from './webhook-match.ts'

export interface MutatingWebhooksDeps {
  readonly objects: Objects
  readonly schema: Schema
  readonly log: Log
  readonly serviceAddress?: ServiceAddress | undefined
}

interface Called {
  readonly webhook: Webhook
  /** The object as it was after the call. */
  readonly seen: KubernetesObject | undefined
}

export function mutatingWebhooks(deps: MutatingWebhooksDeps): WebhookPlugin {
  return {
    async admit(request) {
      const called: Called[] = []
      for (const webhook of configured(deps.objects, request.kind)) {
        if (!concerns(webhook, request, deps.objects)) continue
        await ask(webhook, request, deps)
        called.push({ webhook, seen: request.object && structuredClone(request.object) })
      }
      return {
        async again(later) {
          for (const { webhook, seen } of called) {
            if (webhook.reinvocationPolicy !== 'IfNeeded') continue
            if (!isDeepStrictEqual(seen, later.object)) await ask(webhook, later, deps)
          }
        },
      }
    },
  }
}

/** All webhooks in order of their configurations' names. Configurations themselves are never sent to any. */
function configured(objects: Objects, kind: Kind): Webhook[] {
  if (kind.group === mutatingWebhookConfigurations.group) return []
  const { items } = objects.list(mutatingWebhookConfigurations, undefined)
  return items.flatMap((item) => (item['webhooks'] ?? []) as Webhook[])
}

async function ask(
  webhook: Webhook,
  request: AdmissionRequest,
  deps: MutatingWebhooksDeps,
): Promise<void> {
  const { name } = webhook
  if (request.context.dryRun && !/^None(OnDryRun)?$/.test(webhook.sideEffects ?? '')) {
    throw badRequest(`admission webhook "${name}" does not support dry run`)
  }
  const version = (webhook.admissionReviewVersions ?? []).find((v) => v === 'v1' || v === 'v1beta1')
  const review = reviewOf(request, version ?? 'v1')
  let response: Response
  try {
    const answer = await callWebhook(webhook, review, deps.serviceAddress)
    response = checked(answer, review)
  } catch (error) {
    if (!(error instanceof WebhookCallFailure)) throw error
    const why = `failed calling webhook "${name}": failed to call webhook: ${error.message}`
    if (webhook.failurePolicy === 'Ignore') {
      deps.log.warn(
        { webhook: name, why },
        'a webhook failed; its failure policy lets the request pass',
      )
      return
    }
    throw internalError(why, { webhook: name })
  }
  for (const warning of response.warnings) request.context.warn(warning)
  if (!response.allowed) throw denied(name, response.status)
  if (response.patch !== undefined) patch(request, response.patch, deps.schema)
}

interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly request: { readonly uid: string }
}

function reviewOf(request: AdmissionRequest, version: string): Review {
  const { kind, subresource, namespace, name, operation, object, oldObject, context } = request
  const { group, version: v, resource } = kind
  const gvk = { group, version: v, kind: kind.kind }
  const gvr = { group, version: v, resource }
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid: randomUUID(),
      kind: gvk,
      resource: gvr,
      ...(subresource ? { subResource: subresource } : {}),
      requestKind: gvk,
      requestResource: gvr,
      ...(subresource ? { requestSubResource: subresource } : {}),
      ...(name ? { name } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      operation,
      userInfo: userInfoOf(context.user),
      object: object ?? null,
      oldObject: oldObject ?? null,
      dryRun: context.dryRun,
      options: request.options,
    } as Review['request'],
  }
}

interface Response {
  readonly allowed: boolean
  readonly status: { code?: number; message?: string; reason?: string }
  readonly patch: string | undefined
  readonly warnings: readonly string[]
}

/** Holds the answer to the protocol; a breach is a failed call. */
function checked(answer: unknown, review: Review): Response {
  const { kind, apiVersion, response } = (answer ?? {}) as Record<string, unknown> & {
    response?: Record<string, unknown>
  }
  const isV1 = review.apiVersion === 'admission.k8s.io/v1'
  if (isV1 && (kind !== review.kind || apiVersion !== review.apiVersion)) {
    const gvk = (version: unknown, of: unknown) => `${version ?? ''}, Kind=${of ?? ''}`
    throw new WebhookCallFailure(
      `expected webhook response of ${gvk(review.apiVersion, review.kind)}, got ${gvk(apiVersion, kind)}`,
    )
  }
  if (typeof response !== 'object' || response === null) {
    throw new WebhookCallFailure('webhook response was absent')
  }
  const { uid, patch: encoded, patchType } = response
  if (isV1 && uid !== review.request.uid) {
    throw new WebhookCallFailure(
      `expected response.uid="${review.request.uid}", got "${uid ?? ''}"`,
    )
  }
  const text = typeof encoded === 'string' && encoded ? encoded : undefined
  if (isV1 && text && !patchType) {
    throw new WebhookCallFailure('webhook returned response.patch but not response.patchType')
  }
  if (isV1 && text && patchType !== 'JSONPatch') {
    throw new WebhookCallFailure(`webhook returned invalid response.patchType of "${patchType}"`)
  }
  const warnings = Array.isArray(response['warnings']) ? response['warnings'] : []
  return {
    allowed: response['allowed'] === true,
    status: (response['status'] ?? {}) as Response['status'],
    patch: text,
    warnings: warnings.filter((w) => typeof w === 'string'),
  }
}

function denied(name: string, { code = 0, message, reason }: Response['status']): Refusal {
  const by = `admission webhook "${name}" denied the request`
  const said = message || reason
  const text = said ? `${by}: ${said}` : `${by} without explanation`
  return statusRefusal(code >= 400 && code < 600 ? code : 400, reason ?? '', text)
}

/** Applies the patch; one that does not fit or makes no object of the kind is an internal error, whatever the policy. */
function patch(request: AdmissionRequest, encoded: string, schema: Schema): void {
  if (!request.object) return
  try {
    const operations: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString())
    const patched = jsonPatch(request.object, operations)
    const { value } = conform(patched, schemaName(request.kind), schema)
    request.object = value as KubernetesObject
  } catch (error) {
    const isExpected =
      error instanceof Refusal || error instanceof SyntaxError || error instanceof TypeMismatch
    if (!isExpected) throw error
    throw internalError(error.message)
  }
}
