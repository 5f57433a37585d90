import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { kinds } from '../resources/kinds.ts'
import { startHttpTest } from './testing.ts'

let api: Awaited<ReturnType<typeof startHttpTest>>

before(async () => {
  api = await startHttpTest()
  const accounts = { group: '', version: 'v1', resource: 'serviceaccounts' }
  await api.server.client.create(accounts, 'default', { metadata: { name: 'default' } })
})
after(() => api[Symbol.asyncDispose]())

const keys = [
  ...['spec', 'status', 'metadata', 'data', 'webhooks', 'rules', 'type', 'labels', 'name'],
  ...['containers', 'volumes', 'env', 'ports', 'template', 'selector', 'strategy', 'resources'],
  ...['subjects', 'roleRef', 'kind', 'aggregationRule', 'clusterRoleSelectors', 'verbs'],
  ...['projected', 'sources', 'serviceAccountToken', 'matchExpressions', 'clientConfig', 'items'],
]
const { body } = fc.letrec((tie) => ({
  body: fc.dictionary(fc.constantFrom(...keys), tie('value'), {
    maxKeys: 5,
    noNullPrototype: true,
  }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, '', 0, -1, true, 'x', [], {}),
    fc.array(tie('value'), { maxLength: 2 }),
    tie('body'),
  ),
}))
const patchTypes = ['merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml']

test('whatever a body holds, it is an answer or a refusal, never an error of the server', async () => {
  const table = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  let count = 0
  const property = fc.asyncProperty(
    fc.constantFrom(...kinds),
    body,
    fc.constantFrom(...patchTypes),
    async (kind, given, patchType) => {
      const base = kind.group ? `/apis/${kind.group}/v1` : '/api/v1'
      const path = `${base}${kind.namespaced ? '/namespaces/default' : ''}/${kind.resource}`
      const metadata = { name: `h${++count}` }
      const made = { ...(given as object), metadata }
      const type = `application/${patchType}`
      const answers = [
        await api.call(path, { body: made, headers: table }),
        await api.call(`${path}/h${count}`, { method: 'PUT', body: made }),
        await api.call(`${path}/h${count}?fieldManager=m`, { method: 'PATCH', type, body: given }),
        await api.call(path, { headers: table }),
        await api.call(`${path}/h${count}`, { method: 'DELETE', body: given }),
      ]
      for (const { status, text } of answers) assert.ok(status >= 200 && status < 500, text)
    },
  )
  await fc.assert(property, { numRuns: 150, seed: 1 })
})
