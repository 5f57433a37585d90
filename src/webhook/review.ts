/** One AdmissionReview, from the text of the request to the text of the answer. */
import type { PodFacts, ServiceAccountFacts } from '../chain/links/pod-facts.ts'
import { type Mutation, mutate } from './mutate.ts'
import { readPod } from './pod-shape.ts'
import type { WebhookSettings } from './settings.ts'

/** Where ServiceAccounts come from: read live, so that one annotated a moment ago counts. */
export interface ServiceAccounts {
  /** Undefined: there is none. Rejects where the cluster cannot be asked. */
  serviceAccount(
    namespace: string,
    name: string,
  ): ServiceAccountFacts | undefined | Promise<ServiceAccountFacts | undefined>
  /** True where an EKS Pod Identity association stands for it. */
  hasAssociation?(namespace: string, name: string): boolean
  /** The text of the ConfigMap that gives roles to ServiceAccounts, where there is one. */
  roleMapping?(): string | undefined
}

export interface ReviewDeps {
  readonly serviceAccounts: ServiceAccounts
  readonly settings: WebhookSettings
  readonly random: () => number
}

export interface ReviewAnswer {
  /** The AdmissionReview to send, status 200. */
  readonly body: string
  /** For metrics and log; absent where the request could not be read. */
  readonly mutation?: Mutation
  readonly namespace?: string
}

type TypeMeta = { readonly kind?: string; readonly apiVersion?: string }
type Response = Readonly<Record<string, unknown>>

/** Answers a review; faults in the request are answered as denials, as AWS's webhook does. Rejects only when a port does. */
export async function answerReview(text: string, deps: ReviewDeps): Promise<ReviewAnswer> {
  if (text.trim() === '') return { body: write({}, denial('', 'bad content')) }
  let review: unknown
  try {
    review = JSON.parse(text)
  } catch (cause) {
    const message = `couldn't get version/kind; json parse error: ${parseFault(cause, text)}`
    return { body: write({}, denial('', message)) }
  }
  const meta = typeMeta(review)
  const request = isRecord(review) ? review['request'] : undefined
  if (!isRecord(request)) return { body: write(meta, denial('', 'bad content')) }
  const uid = textOf(request['uid'])
  const read = readPod(request['object'])
  if ('fault' in read) return { body: write(meta, denial(uid, read.fault)) }
  const namespace = textOf(request['namespace'])
  const mutation = await decide(namespace, read.pod, deps)
  return { body: write(meta, responseFor(uid, mutation)), mutation, namespace }
}

async function decide(
  namespace: string,
  pod: PodFacts,
  { serviceAccounts, settings, random }: ReviewDeps,
): Promise<Mutation> {
  const name = pod.spec?.serviceAccountName ?? ''
  return mutate({
    namespace,
    pod,
    // Mirror pods have no ServiceAccount: nothing to look up or wait for.
    serviceAccount: name ? await serviceAccounts.serviceAccount(namespace, name) : undefined,
    hasAssociation: name !== '' && (serviceAccounts.hasAssociation?.(namespace, name) ?? false),
    roleMapping: serviceAccounts.roleMapping?.(),
    settings,
    random,
  })
}

function responseFor(uid: string, mutation: Mutation): Response {
  const { result, patch, warnings, identity, reason } = mutation
  const notes = warnings.length > 0 ? { warnings } : {}
  if (result === 'denied') {
    const message = warnings.join('; ')
    return {
      uid,
      allowed: false,
      status: { metadata: {}, status: 'Failure', message, reason: 'Invalid', code: 422 },
    }
  }
  if (patch.length === 0) return { uid, allowed: true, ...notes }
  return {
    uid,
    allowed: true,
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    patchType: 'JSONPatch',
    ...notes,
    auditAnnotations: {
      mode: identity?.mode ?? '',
      reason,
      ...(identity?.roleArn ? { role: identity.roleArn } : {}),
    },
  }
}

function denial(uid: string, message: string): Response {
  return { uid, allowed: false, status: { metadata: {}, message } }
}

function write(meta: TypeMeta, response: Response): string {
  return JSON.stringify({ ...meta, response })
}

/** The review's own, as it came: API servers always tell it, and want it back. */
function typeMeta(review: unknown): TypeMeta {
  if (!isRecord(review)) return {}
  const kind = textOf(review['kind'])
  const apiVersion = textOf(review['apiVersion'])
  return { ...(kind && { kind }), ...(apiVersion && { apiVersion }) }
}

/** The parser tells by the position whether the text broke off or was wrong. */
function parseFault(cause: unknown, text: string): string {
  const message = cause instanceof Error ? cause.message : ''
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? Number.NaN)
  return /end of JSON input|Unterminated/.test(message) || position >= text.trimEnd().length
    ? 'unexpected end of JSON input'
    : `invalid JSON: ${message.slice(0, 80)}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
