import assert from 'node:assert/strict'
import { test } from 'node:test'
import { creatorEntry, newAccessEntry } from './access-entries.ts'
import { accessPolicyArn } from './access-policies.ts'
import { type MappingFacts, mapCaller, type TokenCaller } from './identity-mapping.ts'
import type { AccessEntryRecord, ClusterRecord } from './records.ts'

const account = '111122223333'
const role = `arn:aws:iam::${account}:role/dev`
const key = { account, region: 'ap-northeast-1', name: 'demo' }

function session(roleName: string, sessionName: string): TokenCaller {
  const arn = `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`
  return { arn, userId: `AROAEXAMPLE:${sessionName}`, accessKeyId: 'ASIAEXAMPLE' }
}

const user: TokenCaller = {
  arn: `arn:aws:iam::${account}:user/team/ann`,
  userId: 'AIDAEXAMPLE',
}

function facts(
  mode: ClusterRecord['authenticationMode'],
  entries: readonly AccessEntryRecord[] = [],
  mapRoles?: string,
  mapUsers?: string,
): MappingFacts {
  const cluster = {
    ...key,
    authenticationMode: mode,
    creatorArn: user.arn,
    creatorIsAdmin: true,
  } as ClusterRecord
  const awsAuth = { ...(mapRoles ? { mapRoles } : {}), ...(mapUsers ? { mapUsers } : {}) }
  const privateDnsName = (id: string) => (id === 'i-1' ? 'node-1.internal' : undefined)
  return { cluster, entries, awsAuth, privateDnsName }
}

const entry = (given: Parameters<typeof newAccessEntry>[1]) => newAccessEntry(key, given, 0)

test('an access entry names the user by default after its session, with all of the token as extra', () => {
  const entries = [entry({ principalArn: role, kubernetesGroups: ['devs'] })]
  assert.deepEqual(mapCaller(session('dev', 'ann@example.com'), facts('API', entries)), {
    username: `arn:aws:sts::${account}:assumed-role/dev/ann-example.com`,
    uid: `aws-iam-authenticator:${account}:AROAEXAMPLE`,
    groups: ['devs', 'system:authenticated'],
    extra: {
      arn: [`arn:aws:sts::${account}:assumed-role/dev/ann@example.com`],
      canonicalArn: [role],
      principalId: ['AROAEXAMPLE'],
      sessionName: ['ann@example.com'],
      accessKeyId: ['ASIAEXAMPLE'],
    },
  })
})

test("an entry's role matches whatever its path, a user only with its own", () => {
  const withPath = entry({ principalArn: `arn:aws:iam::${account}:role/team/blue/dev` })
  assert.ok(mapCaller(session('dev', 's'), facts('API', [withPath])))
  const otherUser = entry({ principalArn: `arn:aws:iam::${account}:user/ann` })
  assert.equal(mapCaller(user, facts('API', [otherUser])), undefined)
  const otherAccount = entry({ principalArn: 'arn:aws:iam::999999999999:role/dev' })
  assert.equal(mapCaller(session('dev', 's'), facts('API', [otherAccount])), undefined)
})

test('access policies come along, of the cluster or of namespaces', () => {
  const creator = mapCaller(user, facts('API', [creatorEntry(key, user.arn, 0)]))
  assert.equal(creator?.username, user.arn)
  assert.deepEqual(creator?.groups, ['system:authenticated'])
  assert.deepEqual(creator?.accessPolicies, [
    { policy: accessPolicyArn('AmazonEKSClusterAdminPolicy') },
  ])
  const viewer: AccessEntryRecord = {
    ...entry({ principalArn: role }),
    policies: [
      {
        policyArn: accessPolicyArn('AmazonEKSViewPolicy'),
        type: 'namespace',
        namespaces: ['dev-*'],
        associatedAt: 0,
        modifiedAt: 0,
      },
    ],
  }
  const mapped = mapCaller(session('dev', 's'), facts('API', [viewer]))
  assert.deepEqual(mapped?.accessPolicies, [
    { policy: accessPolicyArn('AmazonEKSViewPolicy'), namespaces: ['dev-*'] },
  ])
})

test('aws-auth maps roles, users and accounts, and fills the templates', () => {
  const mapRoles = `
- rolearn: ${role}
  username: dev:{{AccountID}}:{{SessionNameRaw}}
  groups: [devs, 'ns:{{SessionName}}']
- rolearn: arn:aws:iam::${account}:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
`
  const dev = mapCaller(session('DEV', 'a@b'), facts('CONFIG_MAP', [], mapRoles))
  assert.equal(dev?.username, `dev:${account}:a@b`)
  assert.deepEqual(dev?.groups, ['devs', 'ns:a-b', 'system:authenticated'])
  const node = mapCaller(session('nodes', 'i-1'), facts('CONFIG_MAP', [], mapRoles))
  assert.equal(node?.username, 'system:node:node-1.internal')
  assert.equal(mapCaller(session('nodes', 'i-2'), facts('CONFIG_MAP', [], mapRoles)), undefined)
  const mapUsers = `- userarn: ${user.arn}\n  groups: ["system:masters"]\n`
  const ann = mapCaller(user, facts('API_AND_CONFIG_MAP', [], undefined, mapUsers))
  assert.deepEqual([ann?.username, ann?.groups[0]], [user.arn, 'system:masters'])
  const accounts = { ...facts('API_AND_CONFIG_MAP'), awsAuth: { mapAccounts: `- ${account}\n` } }
  const any = mapCaller(session('any', 's'), accounts)
  assert.equal(any?.username, `arn:aws:iam::${account}:role/any`)
})

test('a rolearn with a path in aws-auth never matches, as on AWS', () => {
  const mapRoles = `[{rolearn: "arn:aws:iam::${account}:role/team/dev", groups: [x]}]`
  assert.equal(mapCaller(session('dev', 's'), facts('CONFIG_MAP', [], mapRoles)), undefined)
})

test('the mode says which of the two ways counts, and entries come first', () => {
  const entries = [entry({ principalArn: role, username: 'by-entry' })]
  const mapRoles = `[{rolearn: "${role}", username: by-map}]`
  const name = (mode: ClusterRecord['authenticationMode']) =>
    mapCaller(session('dev', 's'), facts(mode, entries, mapRoles))?.username
  assert.deepEqual(
    [name('API'), name('API_AND_CONFIG_MAP'), name('CONFIG_MAP')],
    ['by-entry', 'by-entry', 'by-map'],
  )
  assert.equal(mapCaller(session('dev', 's'), facts('API', [], mapRoles)), undefined)
})

test("in CONFIG_MAP mode the cluster's creator is its administrator, and only there", () => {
  const creator = mapCaller(user, facts('CONFIG_MAP'))
  assert.deepEqual([creator?.username, creator?.groups[0]], ['kubernetes-admin', 'system:masters'])
  assert.equal(mapCaller(user, facts('API_AND_CONFIG_MAP')), undefined)
})

test('a ConfigMap that is no YAML, no list, or a bomb of aliases maps nobody', () => {
  const bomb = `a: &a [x]\nb: &b [*a, *a]\n- rolearn: *b`
  for (const mapRoles of ['{', 'text', '- 1', '- [x]', '- rolearn: 7', bomb]) {
    assert.equal(
      mapCaller(session('dev', 's'), facts('CONFIG_MAP', [], mapRoles)),
      undefined,
      mapRoles,
    )
  }
})

test('an ARN that is no principal is nobody', () => {
  for (const arn of ['', 'x', 'arn:aws:s3:::bucket', `arn:aws:iam::${account}:group/x`]) {
    assert.equal(mapCaller({ arn, userId: '' }, facts('API_AND_CONFIG_MAP')), undefined)
  }
})
