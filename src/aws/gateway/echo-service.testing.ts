/** Services for the gateway's own tests: each says who called and what arrived, in the words of one protocol. */
import type { AuthenticationErrors, AwsService, Need, VerifiedBody } from '../operation.ts'
import {
  jsonAuthenticationErrors,
  queryAuthenticationErrors,
  restJsonAuthenticationErrors,
  s3AuthenticationErrors,
} from './authentication-errors.ts'

const tables: Readonly<Record<string, AuthenticationErrors>> = {
  s3: s3AuthenticationErrors,
  iam: queryAuthenticationErrors,
  eks: restJsonAuthenticationErrors,
  cloudtrail: jsonAuthenticationErrors,
}

/** `PUT` is streamed; `/throw` fails with a bug; everything else needs `<service>:Echo` on the path. */
export function echoService(signingName: 's3' | 'iam' | 'eks' | 'cloudtrail'): AwsService {
  const authenticationErrors = tables[signingName] ?? queryAuthenticationErrors
  return {
    signingName,
    apiVersion: signingName === 'iam' ? '2010-05-08' : '',
    quotesResource: signingName === 's3',
    authenticationErrors,
    match: (request) => ({
      name: 'Echo',
      body: request.method === 'PUT' ? 'streamed' : 'buffered',
      maxBodyBytes: 1000,
      allowAnonymous: signingName === 's3' && request.rawPath === '/public',
      parse: (given, body, stream) => ({ path: given.rawPath, text: text(body), stream }),
      needs: (input) => [need(signingName, (input as Parsed).path)],
      handle: (input, call) => answer(input as Parsed, call.caller),
      write: (output) => ({
        status: 200,
        headers: {
          'content-type': 'application/json',
          'x-path': String((output as { path: string }).path),
        },
        body: JSON.stringify(output),
      }),
    }),
    writeError: ({ code, status, message, members }) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, message, ...members }),
    }),
    denied: (message) => ({ code: 'AccessDenied', status: 403, message }),
  }
}

interface Parsed {
  readonly path: string
  readonly text: string
  readonly stream: VerifiedBody | undefined
}

function need(service: string, path: string): Need {
  const resource = `arn:aws:${service}:::echo${path}`
  const resourcePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: `${service}:Echo`,
        Resource: 'arn:aws:*:::echo/public',
      },
    ],
  })
  return { action: `${service}:Echo`, resource, resourceAccount: '111122223333', resourcePolicy }
}

async function answer(
  { path, text: buffered, stream }: Parsed,
  caller: { kind: string; arn?: string },
) {
  if (path === '/throw') throw new TypeError('a bug')
  let streamed = ''
  if (stream) for await (const piece of stream.stream) streamed += text(piece as Buffer)
  const trailers = stream ? Object.fromEntries(stream.trailers()) : {}
  return { path, caller: caller.arn ?? caller.kind, body: buffered + streamed, trailers }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
