import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { policyCommand } from './policy.ts'

/** Runs the command as the root does, on a stand-in for its streams. */
async function podpass(args: readonly string[], input = '') {
  const written = { out: '', err: '' }
  const context: CliContext = {
    environment: {},
    stdout: {
      write: (text) => {
        written.out += text
      },
    },
    stderr: {
      write: (text) => {
        written.err += text
      },
    },
    color: false,
    userId: 0,
    now: () => 0,
  }
  const command = policyCommand(context, Readable.from([input])).exitOverride()
  const placed = args.map((arg) => (/\.(?:jsonl?|yaml)$/.test(arg) ? path.join(folder, arg) : arg))
  const before = process.exitCode
  try {
    process.exitCode = 0
    await command.parseAsync(placed, { from: 'user' })
    return { code: process.exitCode, ...written }
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error
    return { code: error.exitCode, out: written.out, err: error.message }
  } finally {
    process.exitCode = before
  }
}

let folder = ''

const allow = (action: string, more: object = {}) => ({
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Read', Effect: 'Allow', Action: action, Resource: 'arn:aws:s3:::b/*', ...more },
  ],
})
const request = {
  principal: 'arn:aws:iam::111122223333:user/ann',
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
}

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'podpass-policy-'))
  const put = (name: string, value: unknown) =>
    writeFileSync(
      path.join(folder, name),
      typeof value === 'string' ? value : JSON.stringify(value),
    )
  put('old.json', allow('s3:Get*'))
  put('new.json', allow('s3:Put*'))
  put(
    'requests.jsonl',
    `${JSON.stringify(request)}\n${JSON.stringify({ ...request, action: 's3:PutObject' })}\n`,
  )
  put('typo.json', allow('s3:GetObjct'))
  put('bad.json', { Version: '2012-10-17', Statement: [] })
  put(
    'table.yaml',
    `policies:
  reader: {file: old.json}
defaults:
  request: {principal: "arn:aws:iam::111122223333:user/ann", resource: "arn:aws:s3:::b/k"}
  identityPolicies: [reader]
cases:
  - {name: reads, request: {action: "s3:GetObject"}, expect: {decision: allowed, determining: [Read]}}
  - {name: writes not, request: {action: "s3:PutObject"}, expect: denied}
`,
  )
})
after(() => rmSync(folder, { recursive: true }))

describe('podpass policy eval', () => {
  it('answers a case from standard input', async () => {
    const { code, out } = await podpass(
      ['eval'],
      JSON.stringify({ request, identityPolicies: [allow('s3:Get*')] }),
    )
    assert.equal(code, 0)
    assert.equal((JSON.parse(out) as { decision: string }).decision, 'allowed')
  })

  it('explains with the walk', async () => {
    const given = { request, identityPolicies: [allow('s3:Put*')] }
    const { out } = await podpass(['eval', '--explain'], JSON.stringify(given))
    const { decision, walk } = JSON.parse(out) as { decision: string; walk: { matched: boolean }[] }
    assert.equal(decision, 'implicitDeny')
    assert.deepEqual(
      walk.map(({ matched }) => matched),
      [false],
    )
  })

  it('answers a line for every line and says which are no cases', async () => {
    const good = JSON.stringify({ request, identityPolicies: [allow('s3:Get*')] })
    const { code, out } = await podpass(
      ['eval', '--lines'],
      `${good}\nnonsense\n\n{"request":{}}\n${good}`,
    )
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { decision?: string; error?: string })
    assert.deepEqual(
      answers.map(({ decision, error }) => decision ?? !!error),
      ['allowed', true, true, 'allowed'],
    )
    assert.equal(code, 2)
  })

  it('names what is wrong with a case', async () => {
    const { code, err } = await podpass(['eval'], JSON.stringify({ request, identityPolices: [] }))
    assert.equal(code, 2)
    assert.match(err, /unknown member `identityPolices`/)
  })
})

describe('podpass policy test', () => {
  it('passes a table that holds', async () => {
    const { code, out } = await podpass(['test', 'table.yaml'])
    assert.equal(code, 0)
    assert.match(out, /✔ reads\n✔ writes not\n2 passed, 0 failed/)
  })

  it('shows expected and answered where one does not', async () => {
    const table = {
      policies: { reader: allow('s3:Put*') },
      cases: [{ request, identityPolicies: ['reader'], expect: 'allowed' }],
    }
    const { code, out } = await podpass(['test', '-'], JSON.stringify(table))
    assert.equal(code, 1)
    assert.match(out, /- expected {3}allowed\n {4}\+ answered {3}implicitDeny/)
    assert.match(out, /Action asks `s3:Put\*`, the request has `s3:GetObject`/)
  })

  it('tells a broken table from a failing one', async () => {
    const { code, out } = await podpass(
      ['test', '-'],
      'cases: [{request: {action: 5}, expect: allowed}]',
    )
    assert.equal(code, 2)
    assert.match(out, /1 broken/)
  })
})

describe('podpass policy diff', () => {
  it('names the requests that change their answer', async () => {
    const { code, out } = await podpass([
      'diff',
      'old.json',
      'new.json',
      '--requests',
      'requests.jsonl',
    ])
    assert.equal(code, 1)
    assert.match(out, /s3:GetObject on .*\n {2}- allowed .*\n {2}\+ implicitDeny/)
    assert.match(out, /2 of 2 requests change their answer/)
  })

  it('finds nothing between a document and itself', async () => {
    const { code, out } = await podpass(['diff', 'old.json', 'old.json', '-r', 'requests.jsonl'])
    assert.equal(code, 0)
    assert.match(out, /0 of 2/)
  })

  it("reads CloudTrail's records", async () => {
    const event = {
      eventSource: 's3.amazonaws.com',
      eventName: 'GetObject',
      userIdentity: {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::111122223333:assumed-role/r/s',
        accountId: '111122223333',
        principalId: 'AROAX:s',
        sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/r' } },
      },
      resources: [{ ARN: 'arn:aws:s3:::b/k' }],
    }
    const events = JSON.stringify({ Events: [{ CloudTrailEvent: JSON.stringify(event) }] })
    const { code, out } = await podpass(['diff', 'old.json', 'new.json', '-r', '-'], events)
    assert.equal(code, 1)
    assert.match(out, /1 of 1/)
  })
})

describe('podpass policy diff, of trust policies', () => {
  it('asks recorded web identities again', async () => {
    const provider = 'arn:aws:iam::111122223333:oidc-provider/localhost:8443/id/x'
    const trust = (sub: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { Federated: provider },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { 'localhost:8443/id/x:aud': 'sts.amazonaws.com' },
            StringLike: { 'localhost:8443/id/x:sub': sub },
          },
        },
      })
    writeFileSync(path.join(folder, 'wide.json'), trust('system:serviceaccount:*:reader'))
    writeFileSync(path.join(folder, 'narrow.json'), trust('system:serviceaccount:shop:reader'))
    const event = (sub: string) =>
      JSON.stringify({
        eventSource: 'sts.amazonaws.com',
        eventName: 'AssumeRoleWithWebIdentity',
        userIdentity: {
          type: 'WebIdentityUser',
          principalId: `${provider}:sts.amazonaws.com:${sub}`,
          userName: sub,
          identityProvider: provider,
          accountId: '111122223333',
        },
        resources: [{ ARN: 'arn:aws:iam::111122223333:role/r' }],
      })
    const lines = ['shop', 'other']
      .map((n) => event(`system:serviceaccount:${n}:reader`))
      .join('\n')
    const { code, out } = await podpass(
      ['diff', 'wide.json', 'narrow.json', '--as', 'trust', '-r', '-'],
      lines,
    )
    assert.equal(code, 1)
    assert.match(out, /by system:serviceaccount:other:reader\n {2}- allowed/)
    assert.match(out, /1 of 2 requests change/)
  })
})

describe('podpass policy lint', () => {
  it('suggests the action that was meant', async () => {
    const { code, out } = await podpass(['lint', 'typo.json'])
    assert.equal(code, 0)
    assert.match(
      out,
      /typo\.json:1:\d+: warning: s3 has no action `GetObjct` \(unknown-action\)\n.*s3:GetObject/,
    )
    assert.equal((await podpass(['lint', '--strict', 'typo.json'])).code, 1)
  })

  it("fails with AWS's words on what AWS refuses", async () => {
    const { code, out } = await podpass(['lint', 'bad.json'])
    assert.equal(code, 1)
    assert.match(out, /error: MalformedPolicyDocument: Syntax errors in policy\./)
  })
})
