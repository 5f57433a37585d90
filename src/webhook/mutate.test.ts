import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fastJsonPatch from 'fast-json-patch'
import { mutate } from './mutate.ts'
import { defaultSettings } from './settings.ts'

const cases = JSON.parse(
  readFileSync(new URL('../../vectors/webhook/mutate.json', import.meta.url), 'utf8'),
)

for (const { name, given, expect } of cases) {
  test(`${name}`, () => {
    const { pod, annotations, settings, association = false, random = 0, roleMapping } = given
    const known = annotations !== undefined && pod.spec.serviceAccountName !== undefined
    const before = structuredClone(pod)
    const mutation = mutate({
      namespace: 'default',
      pod,
      serviceAccount: known ? { metadata: { name: 'app', annotations } } : undefined,
      hasAssociation: association,
      roleMapping,
      settings: { ...defaultSettings, ...settings },
      random: () => random,
    })
    assert.deepEqual(pod, before, 'the input is not touched')
    assert.deepEqual(mutation.warnings, expect.warnings)
    assert.equal(mutation.result !== 'denied', expect.allowed ?? true)
    const operations = structuredClone([...mutation.patch])
    const result = fastJsonPatch.applyPatch(structuredClone(pod), operations, true).newDocument
    assert.deepEqual(result, expect.pod)
    if (expect.patch) assert.deepEqual(mutation.patch, expect.patch)
  })
}
