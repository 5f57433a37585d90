import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeInjection, skipLabel } from './injection.ts'
import type { PodFacts } from './pod-facts.ts'
import { judgeServiceAccount } from './service-account.ts'

const roleArn = 'arn:aws:iam::111122223333:role/podpass-irsa-default-my-sa'
const folder = '/var/run/secrets/eks.amazonaws.com/serviceaccount'

/** The ServiceAccount link's answer for one with these annotations. */
const named = (annotations: Record<string, string>, name = 'my-sa') =>
  judgeServiceAccount({
    namespace: 'default',
    name,
    serviceAccount: { metadata: { name, annotations } },
    cluster: 'irsa',
  })

test('a ServiceAccount names its role by the annotation', () => {
  const { verdict, roleArn: role } = named({ 'eks.amazonaws.com/role-arn': roleArn })
  assert.equal(role, roleArn)
  assert.equal(verdict.verdict, 'passed')
  assert.equal(verdict.summary, `default/my-sa names ${roleArn}`)
})

test('a ConfigMap may give the role that no annotation names; what is wrong in it is told', () => {
  const mapped = (entry: unknown, annotations: Record<string, string> = {}) =>
    judgeServiceAccount({
      namespace: 'default',
      name: 'my-sa',
      serviceAccount: { metadata: { name: 'my-sa', annotations } },
      roleMapping: JSON.stringify({ '*/my-sa': entry }),
    })
  const { verdict, roleArn: role } = mapped({ RoleARN: roleArn })
  assert.equal(role, roleArn)
  assert.equal(
    verdict.summary,
    `default/my-sa has ${roleArn} by ConfigMap kube-system/pod-identity-webhook`,
  )
  const own = `${roleArn}-own`
  const annotations = { 'eks.amazonaws.com/role-arn': own }
  assert.equal(mapped({ RoleARN: roleArn }, annotations).roleArn, own)
  const broken = mapped({ RoleARN: 'reader' }).verdict
  assert.equal(broken.verdict, 'refused')
  assert.match(broken.summary, /my-sa: RoleARN `reader`: it is no ARN of an IAM role$/)
  assert.equal(broken.fix, 'kubectl -n kube-system edit configmap pod-identity-webhook')
})

test('no annotation: the pod speaks as its node, and the fix gives it a role', () => {
  const { verdict, roleArn: role } = named({}, 'default')
  assert.equal(role, undefined)
  assert.equal(verdict.summary, 'default/default names no role, so the pod spoke as its node')
  const bySomeAgent = judgeServiceAccount({
    namespace: 'default',
    name: 'default',
    serviceAccount: { metadata: { name: 'default' } },
    otherRole: 'database',
  })
  assert.equal(
    bySomeAgent.verdict.summary,
    'default/default names no role: the pod has role `database` from elsewhere',
  )
  assert.match(verdict.fix ?? '', /--cluster irsa --namespace default --name NAME /)
  assert.match(named({}, 'api').verdict.fix ?? '', /--name api /)
})

for (const key of [
  'eks.amazonaws.com/role_arn',
  'eks.amazonaws.com/rolearn',
  'eks.amazonaws.com/role-arm',
  'eks.amazon.com/role-arn',
  'eks.amazonaws.com/Role-Arn',
  'iam.amazonaws.com/role',
  'eks.amazonaws.com/iam-role-arn',
]) {
  test(`the misspelt annotation ${key} is named`, () => {
    const { verdict } = named({ [key]: roleArn, 'kubectl.kubernetes.io/x': 'y' })
    assert.equal(verdict.verdict, 'refused')
    assert.deepEqual(verdict.evidence, [
      {
        key: 'annotation',
        wanted: 'eks.amazonaws.com/role-arn',
        actual: key,
        source: 'ServiceAccount default/my-sa',
      },
    ])
    assert.ok(verdict.fix?.includes(`eks.amazonaws.com/role-arn=${roleArn} ${key}-`))
  })
}

test('other annotations of EKS are not taken for a misspelt role', () => {
  const { verdict } = named({
    'eks.amazonaws.com/audience': 'x',
    'eks.amazonaws.com/token-expiration': '3600',
    'eks.amazonaws.com/sts-regional-endpoints': 'true',
  })
  assert.match(verdict.summary, /names no role/)
})

test('what is no ARN of a role, and a ServiceAccount that is missing, are refused', () => {
  assert.match(
    named({ 'eks.amazonaws.com/role-arn': 'my-role' }).verdict.summary,
    /no ARN of an IAM/,
  )
  const missing = judgeServiceAccount({ namespace: 'a', name: 'b', serviceAccount: undefined })
  assert.equal(missing.verdict.summary, 'there is no ServiceAccount a/b')
})

const env = [
  { name: 'AWS_ROLE_ARN', value: roleArn },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${folder}/token` },
]
const good: PodFacts = {
  metadata: { name: 'pod-after', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    containers: [{ name: 'c', env, volumeMounts: [{ name: 'aws-iam-token', mountPath: folder }] }],
    volumes: [
      {
        name: 'aws-iam-token',
        projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
      },
    ],
  },
}
const bare: PodFacts = { ...good, spec: { containers: [{ name: 'c' }] } }
const injection = (pod: PodFacts, more: object = {}) =>
  judgeInjection({ pod, roleArn, webhookRegistered: true, ...more })

test('a pod with role and token volume passed the webhook', () => {
  assert.equal(injection(good).verdict, 'passed')
  assert.equal(injection(bare, { roleArn: undefined }).verdict, 'not-applicable')
})

test('the variables without the volume are not enough', () => {
  assert.equal(injection({ ...good, spec: { ...good.spec, volumes: [] } }).verdict, 'refused')
})

test('each way to miss the injection has its own reason and fix', () => {
  const cases: [PodFacts, object, RegExp, RegExp][] = [
    [
      { ...bare, metadata: { ...bare.metadata, labels: { [skipLabel]: '' } } },
      {},
      /left alone, by the label/,
      /label out/,
    ],
    [bare, { webhookRegistered: false }, /no pod identity webhook/, /install/],
    [
      {
        ...bare,
        metadata: { ...bare.metadata, ownerReferences: [{ kind: 'ReplicaSet', name: 'api-7d9' }] },
      },
      { annotatedAt: Date.UTC(2026, 0, 1, 0, 3) },
      /^this pod was made 3 min before the annotation, so it runs without the role$/,
      /^kubectl -n default rollout restart deployment\/api$/,
    ],
    [
      {
        ...bare,
        metadata: { ...bare.metadata, annotations: { 'eks.amazonaws.com/skip-containers': 'x,c' } },
      },
      {},
      /leaves the container c out/,
      /annotation/,
    ],
    [
      {
        ...bare,
        spec: { containers: [{ name: 'c', env: [{ name: 'AWS_ROLE_ARN', value: 'own' }] }] },
      },
      {},
      /sets AWS_ROLE_ARN itself/,
      /environment/,
    ],
    [bare, {}, /changed nothing in this pod/, /delete pod pod-after/],
    [good, { roleArn: `${roleArn}-new` }, /not the one of now/, /delete pod/],
    [
      {
        ...good,
        spec: {
          ...good.spec,
          containers: [
            {
              ...good.spec?.containers?.[0],
              env: [...env, { name: 'AWS_ACCESS_KEY_ID', value: 'x' }],
            },
          ],
        },
      },
      {},
      /sets AWS_ACCESS_KEY_ID itself/,
      /take the keys out/,
    ],
  ]
  for (const [pod, more, summary, fix] of cases) {
    const verdict = injection(pod, more)
    assert.equal(verdict.verdict, 'refused')
    assert.match(verdict.summary, summary)
    assert.match(verdict.fix ?? '', fix)
  }
})
