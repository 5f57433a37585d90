/** A call of an AWS service that speaks the query protocol, signed here: for services whose client library is large. */
import type { AwsAccess } from './aws.ts'
import { CliFailure } from './failure.ts'
import { signedPost } from './signed-post.ts'

const answerTimeoutMs = 60_000

/** Answers the XML. Throws a CliFailure with the service's own code and text. */
export async function queryCall(
  aws: AwsAccess,
  { service, version }: { readonly service: string; readonly version: string },
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, text } = await signedPost(aws, {
    service,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Action: action, Version: version, ...parameters }).toString(),
    at: Date.now(),
    timeoutMs: answerTimeoutMs,
  })
  if (status === 200) return text
  const code = textOf(text, 'Code') ?? `HTTP ${status}`
  const message = textOf(text, 'Message') ?? ''
  throw new CliFailure(`${code}: ${message}`, {
    hints: /not authorized/.test(message) ? ['why:    podpass why'] : [],
  })
}

/** The text of the first element of this name; undefined where there is none. Entities are those that XML itself knows. */
export function textOf(xml: string, element: string): string | undefined {
  const found = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]
  return found?.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '')
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
}
