/** The answer to a request for an AWS service that is not here. */
import { Refusal } from '../../kernel/refusal.ts'
import type { AwsRequest } from '../operation.ts'

/** A clear protocol error, 501, in words that name what is served. */
export function unservedError(
  wanted: string,
  request: AwsRequest,
  served: readonly string[],
): Refusal {
  const name = wanted.replace(/[^\w.-]/g, '').slice(0, 64)
  const target = request.headers.get('x-amz-target')
  const what = target ? `${name} (${target.replace(/[^\w.-]/g, '').slice(0, 128)})` : name
  return new Refusal(
    `The service ${what} is not available at this endpoint, which serves ${[...served].sort().join(', ')}.`,
    { code: 'NotImplemented', status: 501 },
  )
}
