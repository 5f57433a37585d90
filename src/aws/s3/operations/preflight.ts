import { bucketOf } from '../access.ts'
import { preflightHeaders, readCors } from '../cors.ts'
import type { S3Operation } from '../operation.ts'
import { invalidArgument, refuse } from '../refusals.ts'

/** Answers a browser that asks whether it may: `OPTIONS`, never signed. */
export const preflight: S3Operation = {
  name: 'OptionsPreflight',
  access: 'anyone',
  handle(request, _call, deps) {
    const { headers } = request
    const origin = headers.get('origin')
    const method = headers.get('access-control-request-method')
    if (origin === undefined || method === undefined) {
      const message = 'Insufficient information. Origin request header needed.'
      throw invalidArgument(message, 'Origin', origin ?? '')
    }
    const { cors } = bucketOf(request, deps).settings
    if (cors === undefined) {
      throw refuse.AccessForbidden(
        {},
        { message: 'CORSResponse: CORS is not enabled for this bucket.' },
      )
    }
    const asked = (headers.get('access-control-request-headers') ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '')
    const allowed = preflightHeaders(readCors(Buffer.from(cors)), origin, method, asked)
    if (allowed) return { headers: allowed }
    const why =
      "This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
    throw refuse.AccessForbidden({ why })
  },
}
