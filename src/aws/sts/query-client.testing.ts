/** A client of the Query protocol that signs by hand: what the real ones cannot be made to send. */
import assert from 'node:assert/strict'
import { type SigningCredentials, signHeaders } from '../../kernel/sigv4/sign.ts'
import { testAccount, testRegion } from '../gateway/testing.ts'
import type { TestSts } from './testing.ts'

export type Values = Record<string, string>

/** Sends a Query request, unsigned unless credentials are given; answers status, and the text of XML elements. */
export async function call(
  sts: TestSts,
  action: string,
  parameters: Values = {},
  credentials?: SigningCredentials,
  method: 'POST' | 'GET' = 'POST',
) {
  const form = new URLSearchParams({
    Action: action,
    Version: '2011-06-15',
    ...parameters,
  }).toString()
  const rawQuery = method === 'GET' ? form : ''
  const body = method === 'POST' ? form : ''
  const plain = {
    host: `127.0.0.1:${sts.port}`,
    ...(body ? { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } : {}),
  }
  const headers = credentials
    ? signHeaders({
        method,
        rawPath: '/',
        rawQuery,
        headers: plain,
        region: testRegion,
        service: 'sts',
        credentials,
        at: sts.clock.now(),
        body,
      })
    : plain
  const url = `${sts.endpoint}/${rawQuery ? `?${rawQuery}` : ''}`
  const response = await fetch(url, { method, headers, ...(body ? { body } : {}) })
  const text = await response.text()
  const value = (name: string) =>
    new RegExp(`<${name}>([^<]*)</${name}>`)
      .exec(text)?.[1]
      ?.replaceAll('&#39;', "'")
      .replaceAll('&apos;', "'")
      .replaceAll('&quot;', '"')
  return { status: response.status, text, value, headers: response.headers }
}

/** The credentials in an answer. */
export function credentialsOf(answer: {
  value(name: string): string | undefined
}): SigningCredentials {
  return {
    accessKeyId: answer.value('AccessKeyId') ?? '',
    secretAccessKey: answer.value('SecretAccessKey') ?? '',
    sessionToken: answer.value('SessionToken') ?? '',
  }
}

export const roleArn = `arn:aws:iam::${testAccount}:role/irsa`

/** AssumeRoleWithWebIdentity for role `irsa`. */
export function web(
  sts: TestSts,
  token: string,
  more: Values = {},
  method: 'POST' | 'GET' = 'POST',
) {
  const parameters = { RoleArn: roleArn, RoleSessionName: 'sess', WebIdentityToken: token, ...more }
  return call(sts, 'AssumeRoleWithWebIdentity', parameters, undefined, method)
}

/** Checks that an answer refuses with status, code and (where given) message. */
export async function refused(
  answer: ReturnType<typeof call>,
  status: number,
  code: string,
  message?: string | RegExp,
) {
  const { status: got, value } = await answer
  assert.equal(`${got} ${value('Code')}`, `${status} ${code}`)
  if (typeof message === 'string') assert.equal(value('Message'), message)
  else if (message) assert.match(value('Message') ?? '', message)
}
