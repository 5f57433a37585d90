/** What kube2iam and kiam have in common: both stand between pods and instance metadata, and know pods by their addresses. */
import { runInNewContext } from 'node:vm'
import type { PodSubject } from '../audit/audit-log.ts'
import type { Clock } from '../kernel/clock.ts'
import { isoSeconds } from '../kernel/iso-time.ts'

/** A pod as such an agent sees it: nothing of it is proven but that a packet bears its address. */
export interface AnnotatedPod {
  readonly namespace: string
  readonly name: string
  readonly annotations: Readonly<Record<string, string>>
  /** For explanations only: a real agent tells STS nothing of the pod. */
  readonly subject?: PodSubject
}

/** The agent's cache of the cluster. */
export interface PodsByAddress {
  /** Pods with this address that have not ended. */
  activePodsAt(ip: string): readonly AnnotatedPod[]
  /** All addresses of such pods. */
  addresses(): readonly string[]
  /** Undefined: there is no such namespace. */
  namespaceAnnotations(name: string): Readonly<Record<string, string>> | undefined
  namespaces(): readonly string[]
}

export interface RoleProxyRequest {
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  /** Where the packets say they come from. */
  readonly sourceIp: string
  /** The node's own metadata at a path, as the agent asks for it: from the host's network, by version 1. */
  readonly metadata: (path: string) => ProxyAnswer
}

export interface ProxyAnswer {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An agent. `pass`: the node's own instance metadata answers, asked by the agent from the host's network. */
export interface RoleProxy {
  answer(request: RoleProxyRequest): Promise<ProxyAnswer | 'pass'>
}

export interface AssumeRequest {
  readonly roleArn: string
  readonly sessionName: string
  readonly durationSeconds: number
  readonly externalId?: string
  /** The pod that it is for, as far as the agent knows; STS is not told. */
  readonly pod?: PodSubject
}

/** Credentials of STS; `expiration` is ms since the epoch. */
export interface AssumedCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: number
}

/** STS said no, or said nothing (status undefined). */
export interface AssumeRefusal {
  readonly status?: number
  readonly code: string
  readonly message: string
  readonly requestId: string
}

/** AssumeRole, with whatever session the agent itself has. */
export type AssumeRole = (request: AssumeRequest) => Promise<AssumedCredentials | AssumeRefusal>

/** The text of an error as the AWS SDK for Go (v1), which both agents use, prints it. */
export function goError({ status, code, message, requestId }: AssumeRefusal): string {
  const origin = status === undefined ? '' : `\n\tstatus code: ${status}, request id: ${requestId}`
  return `${code}: ${message}${origin}`
}

/** The answer of `…/security-credentials/<role>`. `updatedAt` is ms since the epoch. */
export function credentialsAnswer(credentials: AssumedCredentials, updatedAt: number): ProxyAnswer {
  const document = {
    AccessKeyId: credentials.accessKeyId,
    Code: 'Success',
    Expiration: isoSeconds(credentials.expiration),
    LastUpdated: isoSeconds(updatedAt),
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Type: 'AWS-HMAC',
  }
  return { status: 200, text: `${JSON.stringify(document)}\n` }
}

/** An error as Go's `http.Error` writes it. */
export function goHttpError(status: number, text: string): ProxyAnswer {
  return { status, text: `${text}\n`, headers: { 'x-content-type-options': 'nosniff' } }
}

/** 301 as Go's `http.Redirect` answers a GET. */
export function goRedirect(location: string): ProxyAnswer {
  return {
    status: 301,
    text: `<a href="${location.replaceAll('&', '&amp;').replaceAll("'", '&#39;')}">Moved Permanently</a>.\n\n`,
    headers: { location, 'content-type': 'text/html; charset=utf-8' },
  }
}

/** `…/security-credentials`, `…/security-credentials/` (role is '') or `…/security-credentials/<role>`. */
export function credentialsPath(
  path: string,
): { readonly role: string; readonly slash: boolean } | undefined {
  const found = /^\/[^/]+\/meta-data\/iam\/security-credentials(\/(.*))?$/s.exec(path)
  return found ? { role: found[2] ?? '', slash: found[1] !== undefined } : undefined
}

const expressionLengthMax = 512
const subjectLengthMax = 2048
const matchTimeoutMs = 100

/**
 * Does the expression of an annotation match anywhere in `subject`? What is no expression matches nothing. Go's
 * expressions take linear time; ours do not, so that one which takes too long is stopped, and matches nothing.
 */
export function expressionMatches(expression: string, subject: string): boolean {
  if (expression.length > expressionLengthMax || subject.length > subjectLengthMax) return false
  try {
    const code = 'new RegExp(expression, "s").test(subject)'
    return runInNewContext(code, { expression, subject }, { timeout: matchTimeoutMs }) === true
  } catch {
    return false
  }
}

/**
 * Asks until `ask` says that it is settled or `forMs` have gone by, as both agents do for a pod that their caches do not
 * know yet. Returns the last answer.
 */
export async function retried<T>(
  clock: Clock,
  forMs: number,
  ask: () => T,
  isSettled: (answer: T) => boolean,
): Promise<T> {
  const end = clock.now() + forMs
  let pauseMs = 50
  for (;;) {
    const answer = ask()
    const now = clock.now()
    if (isSettled(answer) || now >= end) return answer
    const wakeAt = Math.min(now + pauseMs, end)
    await new Promise<void>((resolve) => void clock.schedule(wakeAt, resolve))
    pauseMs = Math.min(pauseMs * 2, 1000)
  }
}
