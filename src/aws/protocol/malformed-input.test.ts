import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../operation.ts'
import { createConstraintCheck } from './constraints.ts'
import { loadModel } from './load-model.ts'
import { parseQuery } from './query.ts'
import { parseRestJson } from './rest-json.ts'
import { parseRestXml } from './rest-xml.ts'
import { createRouter } from './route.ts'

const iam = loadModel('iam')
const eks = loadModel('eks')
const s3 = loadModel('s3')
const runs = { numRuns: 300 }

/** Runs the work; anything but an answer or a refusal below 500 fails. */
function answersOrRefuses(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof Refusal && error.status < 500, String(error))
  }
}

const piece = fc.oneof(
  fc.constantFrom('Tags', 'member', '1', '2', 'Key', 'Value', 'RoleName', 'MaxSessionDuration'),
  fc.constantFrom('entry', '__proto__', 'constructor', '', '999999999'),
  fc.string(),
)

test('no form makes the query parser fail with anything but a refusal', () => {
  const check = createConstraintCheck(iam, {
    RoleName: { length: [1, 64], pattern: '[\\w+=,.@-]+' },
  })
  const field = fc.tuple(fc.array(piece, { maxLength: 6 }), fc.string())
  fc.assert(
    fc.property(
      fc.array(field),
      fc.constantFrom('CreateRole', 'TagRole', 'SimulateCustomPolicy'),
      (fields, name) => {
        const form = new URLSearchParams(
          fields.map(([parts, value]): [string, string] => [parts.join('.'), value]),
        )
        answersOrRefuses(() => check(name, parseQuery(iam, name, form)))
      },
    ),
    runs,
  )
  assert.equal(Object.hasOwn(Object.prototype, 'Key'), false)
})

test('no body makes the JSON parser fail with anything but a refusal', () => {
  const members = fc.dictionary(
    fc.constantFrom('name', 'tags', 'logging', 'resourcesVpcConfig', 'accessConfig', '__proto__'),
    fc.jsonValue(),
  )
  const check = createConstraintCheck(eks, { tags: { length: [0, 50] } })
  const text = fc.oneof(
    fc.json(),
    fc.string(),
    members.map((m) => JSON.stringify(m)),
  )
  fc.assert(
    fc.property(text, (body) => {
      const request = { headers: new Map<string, string>(), rawQuery: '' }
      answersOrRefuses(() =>
        check('CreateCluster', parseRestJson(eks, 'CreateCluster', request, {}, Buffer.from(body))),
      )
    }),
    runs,
  )
})

test('no body makes the XML parser fail with anything but a refusal', () => {
  const token = fc.constantFrom(
    '<Tagging>',
    '</Tagging>',
    '<TagSet>',
    '<Tag>',
    '</Tag>',
    '<Key>',
    '<!--',
    ']]>',
    '&amp;',
    '&#0;',
    '&x;',
    '<![CDATA[',
    '<?x?>',
    '<!DOCTYPE a>',
    'text',
    ' a="b"',
    '</',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(token, fc.string())), (tokens) => {
      const request = { headers: new Map<string, string>(), rawQuery: 'tagging' }
      const bytes = Buffer.from(tokens.join(''))
      answersOrRefuses(() =>
        parseRestXml(s3, 'PutBucketTagging', request, { Bucket: 'b' }, { bytes }),
      )
    }),
    runs,
  )
})

test('no path makes the router fail', () => {
  const route = createRouter(eks)
  const segment = fc.oneof(fc.constantFrom('clusters', 'tags', '%', '%2F', '..', ''), fc.string())
  fc.assert(
    fc.property(fc.array(segment), fc.string(), (segments, query) => {
      const found = route('GET', `/${segments.join('/')}`, query)
      assert.ok(found === undefined || found.operation in eks.operations)
    }),
    runs,
  )
})
