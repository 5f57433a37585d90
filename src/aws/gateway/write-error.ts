/** Turns whatever stopped a request into an answer. The one catch, at the door, calls this. */
import type { Log } from '../../audit/log.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { AwsResponse } from '../operation.ts'
import type { Progress } from './progress.ts'
import { unservedAnswer } from './unserved.ts'

/** A bug is logged with the request id and answered as the protocol answers an internal error. */
export function refusalOf(cause: unknown, progress: Progress, log: Log): Refusal {
  if (cause instanceof Refusal) return cause
  const error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  const operation = progress.operation?.name
  log.error({ requestId: progress.requestId, operation, error }, 'request failed')
  const code = progress.service?.signingName === 's3' ? 'InternalError' : 'InternalFailure'
  return new Refusal('We encountered an internal error. Please try again.', {
    code,
    status: 500,
  })
}

/** In the words of the service's protocol. */
export function writeError(refusal: Refusal, progress: Progress): AwsResponse {
  const { requestId, at, request, service } = progress
  const { method, rawPath, headers: given } = request
  const context = { requestId, at, method, rawPath, accept: given.get('accept') }
  const { code, status, message, members, headers } = refusal
  const error = { code, status, message, members, headers }
  return service
    ? service.writeError(error, context)
    : unservedAnswer(error, requestId, request, progress.wanted)
}
