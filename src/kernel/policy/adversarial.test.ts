// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt like that
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { AuthorizationRequest, PolicyInput } from './decision.ts'
import { parseJson } from './json.ts'
import {
  contextKeysOf,
  evaluate,
  evaluateCase,
  lintPolicy,
  simulate,
  validatePolicy,
} from './policy.ts'
import { documents } from './testing/generate.ts'
import { everything } from './testing/profile.ts'

const request: AuthorizationRequest = {
  principal: {
    kind: 'user',
    account: '111122223333',
    arn: 'arn:aws:iam::111122223333:user/ann',
    id: 'AIDAEXAMPLEANN000001',
  },
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  context: {},
}

const statement = (elements: object): PolicyInput => ({
  name: 'p',
  document: JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: '*', Resource: '*', ...elements },
  }),
})

/** Milliseconds of CPU that `work` takes at its best of five. */
function cost(work: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

describe('patterns made to be slow', () => {
  const stars = ['*a*a*a*a*b', 'a*a*a*a*a*b', '*a?*a?*a?*a?*a?b', `${'*a'.repeat(40)}*b`]
  for (const pattern of stars) {
    it(`matches ${pattern.slice(0, 24)} against 1,024 characters well under a millisecond`, () => {
      const policy = statement({ Resource: `arn:aws:s3:::${pattern}` })
      const asked = { ...request, resource: `arn:aws:s3:::${'a'.repeat(1024)}` }
      const once = cost(() => {
        for (let i = 0; i < 20; i++) evaluate(asked, { identity: [policy] })
      })
      assert.equal(evaluate(asked, { identity: [policy] }).decision, 'implicitDeny')
      assert.ok(once / 20 < 1, `${once / 20} ms`)
    })
  }

  it('grows linearly with the text', () => {
    const policy = statement({ Resource: 'arn:aws:s3:::*a*a*a*a*b' })
    const of = (length: number) => {
      const asked = { ...request, resource: `arn:aws:s3:::${'a'.repeat(length)}` }
      return cost(() => {
        for (let i = 0; i < 10; i++) evaluate(asked, { identity: [policy] })
      })
    }
    of(1000)
    assert.ok(of(160_000) < 200 + 64 * of(10_000))
  })

  it('does the same in conditions', () => {
    const policy = statement({ Condition: { StringLike: { k: '*a*a*a*a*b' } } })
    const asked = { ...request, context: { k: 'a'.repeat(1024) } }
    assert.ok(cost(() => evaluate(asked, { identity: [policy] })) < 5)
  })
})

describe('keys that JavaScript knows', () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    it(`takes ${key} for a key like another`, () => {
      const block = (operator: string, value: string) =>
        statement({ Condition: JSON.parse(`{"${operator}":{"${key}":"${value}"}}`) as object })
      const decide = (policy: PolicyInput, context: string) =>
        evaluate({ ...request, context: JSON.parse(context) }, { identity: [policy] }).decision
      assert.equal(decide(block('Null', 'true'), '{}'), 'allowed')
      assert.equal(decide(block('StringEquals', 'x'), '{}'), 'implicitDeny')
      assert.equal(decide(block('StringEquals', 'x'), `{"${key}":"x"}`), 'allowed')
      assert.equal(({} as Record<string, unknown>)['x'], undefined)
    })
  }

  it('leaves prototypes alone, whatever a document is called like', () => {
    const document = '{"__proto__":{"polluted":true},"Version":"2012-10-17","Statement":[]}'
    assert.notDeepEqual(validatePolicy(document, 'identity'), [])
    evaluateCase(
      JSON.parse(`{"request":{"principal":"*","action":"s3:x","context":{"__proto__":"y"}}}`),
    )
    lintPolicy(document, 'identity', { services: {} })
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })
})

describe('documents made to hurt', () => {
  const hurting: Record<string, string> = {
    'nested 100,000 deep': '['.repeat(100_000),
    'nested objects': '{"a":'.repeat(50_000),
    'a text of 2 MB': JSON.stringify('x'.repeat(2_000_000)),
    'an unclosed text': '{"Version":"2012-10-17","Statement":"',
    'lone surrogates': '{"Statement":"\\ud800"}',
    'zero bytes': '{"Statement":\u0000}',
    'a number without end': `{"Statement":1${'0'.repeat(100_000)}e${'9'.repeat(1000)}}`,
    nothing: '',
    'half an escape': '"\\u12',
  }
  for (const [name, document] of Object.entries(hurting)) {
    it(`refuses ${name} and grants nothing by it`, () => {
      const spent = cost(() => {
        assert.equal(validatePolicy(document, 'identity')[0]?.code, 'MalformedPolicyDocument')
        assert.equal(evaluate(request, { identity: [{ name, document }] }).decision, 'implicitDeny')
        simulate({ identityPolicies: [{ name, document }], actions: ['s3:GetObject'] })
        assert.deepEqual(contextKeysOf(document), [])
        lintPolicy(document, 'trust')
      })
      assert.ok(spent < 200, `${spent} ms`)
    })
  }

  it('reads a document of 100 KB', () => {
    const list = Array.from({ length: 600 }, (_, i) => ({
      Sid: `S${i}`,
      Effect: 'Allow',
      Action: [`s3:Get${i}`, `s3:Put${i}`],
      Resource: `arn:aws:s3:::bucket-${i}/\${aws:username}/*`,
      Condition: { StringLike: { 'aws:UserAgent': `agent-${i}*` } },
    }))
    const document = JSON.stringify({ Version: '2012-10-17', Statement: list })
    assert.ok(document.length > 100_000)
    const asked = {
      ...request,
      action: 's3:Put599',
      resource: 'arn:aws:s3:::bucket-599/ann/x',
      context: { 'aws:UserAgent': 'agent-599/1' },
    }
    const { decision, determining } = evaluate(asked, { identity: [{ name: 'p', document }] })
    assert.equal(decision, 'allowed')
    const [ref] = determining
    assert.equal(ref?.sid, 'S599')
    const text = document.slice(ref?.span?.start, ref?.span?.end)
    assert.deepEqual(JSON.parse(text), list[599])
  })

  it('stops at a million characters', () => {
    const { problem } = parseJson(`"${'x'.repeat(1 << 20)}"`)
    assert.equal(problem?.reason, 'too-long')
  })
})

describe('documents damaged at random', () => {
  it('never make anything throw, and never grant where they are refused as text', () => {
    const damage = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 6 }),
      put: fc.constantFrom(
        '',
        '"',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '*',
        '$' + '{',
        '}',
        '\\',
        '\\u00',
        '1',
        'null',
        '\u0000',
      ),
    })
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 })
    const kinds = ['identity', 'managed', 'trust', 'resource', 'resource-control'] as const
    const property = fc.property(documents(everything, true), damages, (whole, list) => {
      let document = whole
      for (const { at, cut, put } of list) {
        const place = at % (document.length + 1)
        document = document.slice(0, place) + put + document.slice(place + cut)
      }
      for (const kind of kinds) {
        validatePolicy(document, kind)
        lintPolicy(document, kind, { services: { s3: [['GetObject'], ['s3:prefix']] } })
      }
      contextKeysOf(document)
      const policy = { name: 'p', document }
      simulate({ identityPolicies: [policy], resourcePolicy: policy, actions: ['s3:GetObject'] })
      const { decision } = evaluate(request, { identity: [policy], resource: policy })
      if (parseJson(document).problem) assert.equal(decision, 'implicitDeny')
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('requests made to confuse', () => {
  it('keeps a colon in a substituted value within its field', () => {
    const policy = statement({ Resource: 'arn:aws:sqs:${aws:PrincipalTag/r}:q' })
    const asked = {
      ...request,
      resource: 'arn:aws:sqs:eu-west-1:111122223333:q',
      context: { 'aws:PrincipalTag/r': 'eu-west-1:111122223333' },
    }
    assert.equal(evaluate(asked, { identity: [policy] }).decision, 'implicitDeny')
  })

  it('takes context values for text, whatever they look like', () => {
    const policy = statement({ Condition: { StringEquals: { k: '${aws:username}' } } })
    const asked = { ...request, context: { k: '${aws:username}' } }
    assert.equal(evaluate(asked, { identity: [policy] }).decision, 'implicitDeny')
  })

  it('is not fooled by a resource that is no ARN', () => {
    for (const resource of ['', '*', 'arn', 'arn:', 'arn:aws:s3', ':::::', 'ARN:aws:s3:::b/k']) {
      const policy = statement({ Resource: 'arn:*:*:*:*:*' })
      assert.equal(
        evaluate({ ...request, resource }, { identity: [policy] }).decision,
        'implicitDeny',
      )
    }
  })
})
