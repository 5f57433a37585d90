import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../object.ts'
import { type FargateProfile, profileFor } from './admission.ts'

const pod = (namespace: string, labels: Record<string, string> = {}) =>
  ({ metadata: { name: 'p', namespace, labels } }) as unknown as KubernetesObject

const profile = (
  name: string,
  namespace: string,
  labels: Record<string, string> = {},
): FargateProfile => ({ name, selectors: [{ namespace, labels }] })

const chosen = (given: KubernetesObject, ...profiles: FargateProfile[]) =>
  profileFor(given, profiles)?.name

test('namespace and all labels of a selector must fit', () => {
  const batch = profile('fp', 'batch', { on: 'fargate', tier: 'low' })
  assert.equal(chosen(pod('batch', { on: 'fargate', tier: 'low', x: 'y' }), batch), 'fp')
  assert.equal(chosen(pod('batch', { on: 'fargate' }), batch), undefined)
  assert.equal(chosen(pod('other', { on: 'fargate', tier: 'low' }), batch), undefined)
})

test('any selector is enough, and wildcards stand for text', () => {
  const many: FargateProfile = {
    name: 'fp',
    selectors: [
      { namespace: 'dev-?', labels: {} },
      { namespace: '*-prod', labels: { team: 'a*' } },
    ],
  }
  assert.equal(chosen(pod('dev-1'), many), 'fp')
  assert.equal(chosen(pod('dev-12'), many), undefined)
  assert.equal(chosen(pod('shop-prod', { team: 'apes' }), many), 'fp')
  assert.equal(chosen(pod('shop-prod', { team: 'bees' }), many), undefined)
  assert.equal(chosen(pod('aaaa'), profile('fp', '*a*a*b')), undefined)
})

test('of several profiles the one that the pod names counts, else the first by name', () => {
  const profiles = [profile('b', 'x'), profile('a', 'x'), profile('c', 'y')]
  assert.equal(chosen(pod('x'), ...profiles), 'a')
  const named = (name: string) => pod('x', { 'eks.amazonaws.com/fargate-profile': name })
  assert.equal(chosen(named('b'), ...profiles), 'b')
  assert.equal(chosen(named('c'), ...profiles), 'a')
})

test('a pod that asks for EC2 runs there', () => {
  const labels = { 'eks.amazonaws.com/compute-type': 'ec2' }
  assert.equal(chosen(pod('x', labels), profile('a', 'x')), undefined)
})
