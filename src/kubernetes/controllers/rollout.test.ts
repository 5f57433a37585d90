import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KubernetesObject } from '../object.ts'
import { podTemplateHash } from './pod-template-hash.ts'
import { limits, nextScaling } from './rollout.ts'

interface Set {
  wanted: number
  available: number
}
const set = ({ wanted, available }: Set) =>
  ({
    spec: { replicas: wanted },
    status: { replicas: wanted, availableReplicas: available },
  }) as unknown as KubernetesObject
const deployment = (replicas: number, maxSurge: number | string, maxUnavailable: number | string) =>
  ({
    spec: {
      replicas,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    },
  }) as unknown as KubernetesObject

test('shares are rounded up for the excess and down for the missing, and never both to nothing', () => {
  assert.deepEqual(limits(deployment(3, '25%', '25%')), { surge: 1, unavailable: 0 })
  assert.deepEqual(limits(deployment(10, '25%', '25%')), { surge: 3, unavailable: 2 })
  assert.deepEqual(limits(deployment(3, '0%', '25%')), { surge: 0, unavailable: 1 })
})

test('a rollout keeps to its limits at each step and comes to its end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }),
      (replicas, surge, missing, olds) => {
        fc.pre(surge + missing > 0)
        const of = deployment(replicas, surge, missing)
        const { unavailable } = limits(of)
        const sets = [...olds, 0].map((wanted) => ({ wanted, available: wanted }))
        const total = () => sets.reduce((n, s) => n + s.wanted, 0)
        const start = total()
        for (let i = 0; i < 100; i++) {
          const objects = sets.map(set)
          const fresh = objects.at(-1) as KubernetesObject
          const steps = nextScaling(of, fresh, objects.slice(0, -1))
          if (steps.length === 0) break
          for (const step of steps) {
            const changed = sets[objects.indexOf(step.set)] as Set
            changed.wanted = step.replicas
            changed.available = Math.min(changed.available, step.replicas)
          }
          const available = sets.reduce((n, s) => n + s.available, 0)
          assert.ok(total() <= Math.max(start, replicas + surge), 'too many pods')
          assert.ok(available >= Math.min(start, replicas - unavailable), 'too few available pods')
          for (const s of sets) s.available = s.wanted
        }
        assert.deepEqual(
          sets.map((s) => s.wanted),
          [...olds.map(() => 0), replicas],
        )
      },
    ),
  )
})

test('the hash of a template is the same for equal templates, whatever the order of their fields', () => {
  const a = podTemplateHash({ spec: { x: 1, y: [1, 2] }, metadata: {} })
  assert.equal(podTemplateHash({ metadata: {}, spec: { y: [1, 2], x: 1, z: undefined } }), a)
  assert.notEqual(podTemplateHash({ spec: { x: 1, y: [2, 1] }, metadata: {} }), a)
  assert.notEqual(podTemplateHash({ spec: { x: 1, y: [1, 2] }, metadata: {} }, 1), a)
  assert.match(a, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
})
