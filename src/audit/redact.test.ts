import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSecretName, redact, redactedInput, redactText } from './redact.ts'

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl'
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'

describe('redaction', () => {
  it('hides members by name, however they are spelt and nested', () => {
    const secret = 'very-secret-value'
    for (const name of [
      'SecretAccessKey',
      'session_token',
      'x-amz-security-token',
      'WebIdentityToken',
      'MasterUserPassword',
      'Authorization',
      'PrivateKey',
      'Cookie',
    ]) {
      assert.equal(isSecretName(name), true, name)
      assert.ok(!JSON.stringify(redact({ a: [{ [name]: secret }] })).includes(secret), name)
    }
    assert.equal(isSecretName('RoleArn'), false)
    assert.equal(isSecretName('AccessKeyId'), false)
  })

  it('hides secrets within texts: JWTs, EKS tokens, keys, signatures in URLs', () => {
    assert.equal(redactText(`token ${jwt} end`), `token ${hidden} end`)
    assert.equal(redactText(`cut ${jwt.slice(0, 40)}`), `cut ${hidden}`)
    assert.equal(
      redactText(`long ${'eyJhbGciOiJSUzI1NiJ9.'}${'a'.repeat(20_000)}`),
      `long ${hidden}`,
    )
    assert.equal(redactText('k8s-aws-v1.aHR0cHM6Ly9'), hidden)
    assert.equal(
      redactText('/b/k?X-Amz-Date=1&X-Amz-Signature=abcdef&X-Amz-Security-Token=AQ%2F'),
      `/b/k?X-Amz-Date=1&X-Amz-Signature=${hidden}&X-Amz-Security-Token=${hidden}`,
    )
    assert.equal(redactText('postgres://me:pw@db/x'), `postgres://me:${hidden}@db/x`)
    assert.equal(redactText('at https://host:443/a@b'), 'at https://host:443/a@b')
    assert.equal(redactText('-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----'), hidden)
    assert.ok(
      !redactText('aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY').includes(
        'wJalr',
      ),
    )
  })

  it('leaves what is no secret, in CloudTrail spelling', () => {
    const input = {
      RoleArn: 'arn:aws:iam::111122223333:role/r',
      DurationSeconds: 900,
      Tags: [{ Key: 'a' }],
      WebIdentityToken: jwt,
    }
    assert.deepEqual(redactedInput(input), {
      roleArn: 'arn:aws:iam::111122223333:role/r',
      durationSeconds: 900,
      tags: [{ Key: 'a' }],
      webIdentityToken: hidden,
    })
    assert.equal(redactedInput({}), undefined)
    assert.equal(redactedInput('text'), undefined)
  })

  it('bounds everything and takes anything', () => {
    assert.equal(String(redact('x'.repeat(10_000))).length, 2049)
    const wide = redact({ list: Array.from({ length: 1000 }, (_, i) => i) }) as { list: number[] }
    assert.equal(wide.list.length, 50)
    const nested = { lists: Array.from({ length: 50 }, () => Array(50).fill('x'.repeat(2000))) }
    assert.ok(JSON.stringify(redact(nested)).length < 40_000)
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    assert.ok(JSON.stringify(redact(loop)).length < 200)
    const odd = {
      bytes: Buffer.from('x'),
      map: new Map(),
      run: () => 1,
      at: new Date(0),
      bad: new Date(Number.NaN),
      big: 1n,
    }
    assert.deepEqual(redact(odd), { at: '1970-01-01T00:00:00.000Z', big: '1' })
  })
})
