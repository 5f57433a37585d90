import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { WebIdentityPorts } from './web-identity.ts'
import { issuer, mint, now, other, ports, type Role, refusal } from './web-identity-testing.ts'

/** What is wrong with the token or its surroundings; STS's code and text; the link that refuses. */
const cases: [
  what: string,
  token: string,
  from: WebIdentityPorts<Role>,
  code: string,
  message: RegExp,
  link: string,
][] = [
  [
    'an unregistered issuer',
    mint({ iss: 'https://evil/' }),
    ports(),
    'InvalidIdentityToken',
    /^No OpenIDConnect provider found in your account for https:\/\/evil\/$/,
    'provider',
  ],
  [
    'an issuer that differs by a slash',
    mint({ iss: `${issuer}/` }),
    ports(),
    'InvalidIdentityToken',
    /^No OpenIDConnect provider .*\/9F\/$/,
    'provider',
  ],
  [
    'another audience',
    mint({ aud: ['other'] }),
    ports(),
    'InvalidIdentityToken',
    /^Incorrect token audience$/,
    'provider',
  ],
  [
    'no audience',
    mint({ aud: undefined }),
    ports(),
    'InvalidIdentityToken',
    /^Missing a required claim: aud$/,
    'token',
  ],
  [
    'no subject',
    mint({ sub: undefined }),
    ports(),
    'InvalidIdentityToken',
    /^Missing a required claim: sub$/,
    'token',
  ],
  [
    'an empty list of audiences',
    mint({ aud: [] }),
    ports(),
    'InvalidIdentityToken',
    /claim: aud$/,
    'token',
  ],
  [
    'a time with a fraction',
    mint({ exp: now + 0.5 }),
    ports(),
    'InvalidIdentityToken',
    /claim: exp$/,
    'token',
  ],
  [
    'a time as text',
    mint({ exp: String(now + 60) }),
    ports(),
    'InvalidIdentityToken',
    /claim: exp$/,
    'token',
  ],
  [
    'an end in the past',
    mint({ iat: now - 9000, nbf: now - 9000, exp: now - 7200 }),
    ports(),
    'ExpiredTokenException',
    new RegExp(
      `^Token expired: current date/time ${now} must be before the expiration date/time ${now - 7200}$`,
    ),
    'token',
  ],
  [
    'an end right now',
    mint({ exp: now }),
    ports(),
    'ExpiredTokenException',
    /^Token expired/,
    'token',
  ],
  [
    'a great age',
    mint({ iat: now - 441_398, nbf: now - 441_398 }),
    ports(),
    'ExpiredTokenException',
    /^Token too old: 441398$/,
    'token',
  ],
  [
    'a beginning in the future',
    mint({ nbf: now + 3600 }),
    ports(),
    'InvalidIdentityToken',
    /not yet valid/,
    'token',
  ],
  [
    'another key under the same kid',
    mint({}, '1c9e5', other.privateKey),
    ports(),
    'InvalidIdentityToken',
    /^Invalid signature$/,
    'token',
  ],
  [
    'a kid that is not published',
    mint({}, 'nobody'),
    ports(),
    'InvalidIdentityToken',
    /^Couldn't retrieve verification key from your identity provider, {2}please/,
    'token',
  ],
  [
    'a kid that is a path',
    mint({}, '../../dev/null'),
    ports(),
    'InvalidIdentityToken',
    /^Couldn't retrieve/,
    'token',
  ],
  [
    'an issuer that does not answer',
    mint(),
    ports({ keysOf: () => ({ kind: 'unavailable', why: 'it answers 503' }) }),
    'InvalidIdentityToken',
    /^Couldn't retrieve/,
    'token',
  ],
  [
    'an issuer with a strange certificate',
    mint(),
    ports({ keysOf: () => ({ kind: 'thumbprint-mismatch', presented: 'ab' }) }),
    'InvalidIdentityToken',
    /^OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint$/,
    'token',
  ],
  [
    'no JWT at all',
    'garbage',
    ports(),
    'InvalidIdentityToken',
    /^Provided Token is not a Login With Amazon token$/,
    'token',
  ],
  [
    'three parts that are no JWT',
    'a.b.c',
    ports(),
    'InvalidIdentityToken',
    /^The ID Token provided is not a valid JWT\. /,
    'token',
  ],
]
for (const [what, token, from, code, message, link] of cases) {
  test(`a token with ${what} is refused by the ${link} link as STS refuses it`, async () => {
    const { error, broken } = await refusal(token, from)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.equal(broken.link, link)
  })
}

const forgeries = JSON.parse(
  readFileSync(new URL('../../vectors/jwt/parse.json', import.meta.url), 'utf8'),
)
for (const { name, given } of forgeries) {
  test(`no session for a token with ${name}`, async () => {
    const encode = (text: string) => Buffer.from(text).toString('base64url')
    const token =
      given.token ??
      `${encode(given.header)}.${encode(given.claims)}.${given.signature ?? encode('signature')}`
    const { error } = await refusal(token)
    assert.equal(error.code, 'InvalidIdentityToken')
    assert.equal(error.status, 400)
  })
}
