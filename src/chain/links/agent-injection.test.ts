import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asksAgent } from './agent-injection.ts'
import { judgeInjection } from './injection.ts'
import type { PodFacts } from './pod-facts.ts'
import { judgeServiceAccount } from './service-account.ts'

const roleArn = 'arn:aws:iam::111122223333:role/pods-read'
const madeAt = Date.UTC(2026, 0, 1, 12)
const association = { id: 'a-1', roleArn, createdAt: madeAt }

/** A pod as the webhook leaves it; `env` comes on top. */
function podOf(
  options: { injected?: boolean; env?: object[]; labels?: Record<string, string> } = {},
): PodFacts {
  const { injected = true, env = [], labels = {} } = options
  const name = 'eks-pod-identity-token'
  const folder = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount'
  const added = [
    { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
    { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${folder}/${name}` },
  ]
  const main = {
    name: 'main',
    env: [...(injected ? added : []), ...env],
    volumeMounts: injected ? [{ name, mountPath: folder }] : [],
  }
  const source = { audience: 'pods.eks.amazonaws.com', path: name }
  return {
    metadata: {
      name: 'api',
      namespace: 'shop',
      labels,
      creationTimestamp: new Date(madeAt).toISOString(),
    },
    spec: {
      serviceAccountName: 'api',
      containers: [main],
      volumes: injected
        ? [{ name, projected: { sources: [{ serviceAccountToken: source }] } }]
        : [],
    },
  } as PodFacts
}

const judge = (pod: PodFacts, more: object = {}) =>
  judgeInjection({ pod, roleArn, webhookRegistered: true, association, cluster: 'irsa', ...more })

test('an association names the role, before any annotation', () => {
  const annotations = { 'eks.amazonaws.com/role-arn': `${roleArn}-other` }
  const facts = { namespace: 'shop', name: 'api', serviceAccount: { metadata: { annotations } } }
  const judged = judgeServiceAccount({ ...facts, association })
  assert.equal(judged.roleArn, roleArn)
  assert.equal(judged.verdict.verdict, 'passed')
  assert.match(judged.verdict.summary, /by Pod Identity association a-1$/)
})

test('a pod that still asks the agent is told that the association is gone', () => {
  const facts = { namespace: 'shop', name: 'api', serviceAccount: { metadata: {} } }
  const { verdict } = judgeServiceAccount({ ...facts, asksAgent: true, cluster: 'irsa' })
  assert.equal(verdict.summary, 'shop/api has no Pod Identity association any more')
  assert.match(
    verdict.fix ?? '',
    /^podpass create podidentityassociation --cluster irsa --namespace shop --service-account-name api /,
  )
})

test('the agent’s address and a token are what a pod needs', () => {
  assert.equal(asksAgent(podOf()), true)
  assert.equal(asksAgent(podOf({ injected: false })), false)
  assert.equal(judge(podOf()).verdict, 'passed')
})

test('without the agent, on Fargate, or with keys of its own, a pod gets nothing by it', () => {
  const missing = judge(podOf(), { isAgentInstalled: false })
  assert.match(missing.fix ?? '', /^aws eks create-addon --cluster-name irsa /)
  const fargate = judge(podOf({ labels: { 'eks.amazonaws.com/fargate-profile': 'fp' } }))
  assert.match(fargate.summary, /runs on Fargate/)
  assert.match(fargate.fix ?? '', /create iamserviceaccount --cluster irsa --namespace shop/)
  const keys = judge(podOf({ env: [{ name: 'AWS_ACCESS_KEY_ID', value: 'AKIA' }] }))
  assert.match(keys.summary, /sets AWS_ACCESS_KEY_ID itself/)
})

test('a pod made before its association runs without the role', () => {
  const later = { ...association, createdAt: madeAt + 240_000 }
  const verdict = judge(podOf({ injected: false }), { association: later })
  assert.match(verdict.summary, /^this pod was made 4 min before the association/)
})
