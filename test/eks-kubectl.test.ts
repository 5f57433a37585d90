/** IAM users at a real API server: the real aws writes the kubeconfig and the tokens, the real kubectl uses them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { silentLog } from '../src/audit/log.ts'
import type { ClusterAddresses, ClusterSpec } from '../src/aws/eks/cluster-control.ts'
import { openEks } from '../src/aws/eks/service.ts'
import { clusterRole, MemoryClusters, nodeRole } from '../src/aws/eks/testing.ts'
import { allowing, testAccount } from '../src/aws/gateway/testing.ts'
import { startTestSts } from '../src/aws/sts/testing.ts'
import { ManualClock } from '../src/clock/manual-clock.ts'
import { type ApiServer, startApiServer } from '../src/kubernetes/api/api-server.ts'
import type { UserInfo } from '../src/kubernetes/object.ts'
import { configMaps } from '../src/kubernetes/resources.ts'
import { openIssuer } from '../src/oidc/issuer.ts'
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { createCertificateAuthority } from '../src/x509/authority.ts'

const ann = { accessKeyId: 'AKIATESTANN000000001', secretAccessKey: 'ann' }

/** EKS, STS and one API server, wired as the lab wires them. */
async function startWorld() {
  const stack = new AsyncDisposableStack()
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const store = stack.use(openSqliteStore({ path: ':memory:', now: () => clock.now() }))
  const ca = await createCertificateAuthority({ commonName: 'test', clock })
  let server: ApiServer | undefined
  const clusters = new (class extends MemoryClusters {
    override async start(spec: ClusterSpec): Promise<ClusterAddresses> {
      const url = `https://localhost:4567/id/${spec.issuerId}`
      const issuer = stack.use(await openIssuer({ store, prefix: '/issuer', url, clock }))
      server = stack.use(
        await startApiServer({
          ...{ name: spec.name, host: '127.0.0.1', port: 0, store, prefix: '/registry' },
          ...{ clock, ca, issuer, log: silentLog },
          authenticateAws: (token): UserInfo | undefined => {
            const identity = sts.sts.verifyEksToken(token, spec.name)
            if ('refused' in identity) return undefined
            const awsAuth = server?.client.get(configMaps, 'kube-system', 'aws-auth')
            return eks.mapIdentity(spec.arn, identity, awsAuth?.['data'])
          },
        }),
      )
      return { endpoint: server.url, certificateAuthorityPem: ca.certPem, issuer: url }
    }
  })()
  const roleExists = (arn: string): boolean => arn === clusterRole || arn === nodeRole
  const eks = stack.use(openEks({ store, clock, clusters, log: silentLog, roleExists }))
  const sts = stack.use(await startTestSts({ clock, more: [eks.service] }))
  sts.identities.addUser('ann', ann, allowing('eks:DescribeCluster'))
  const aws = async (...args: string[]): Promise<void> => {
    const { status, stderr } = await sts.aws(['eks', ...args])
    assert.equal(status, 0, stderr)
  }
  await aws(
    ...['create-cluster', '--name', 'demo', '--role-arn', clusterRole],
    ...['--resources-vpc-config', 'subnetIds=subnet-1'],
  )
  const kubeconfig = join(sts.environment()['HOME'] ?? '', 'kubeconfig')
  await aws('update-kubeconfig', '--name', 'demo', '--kubeconfig', kubeconfig)
  const kubectl = async (credentials: Parameters<typeof sts.environment>[0], ...args: string[]) => {
    const env = { ...sts.environment(credentials), KUBECONFIG: kubeconfig }
    return promisify(execFile)('kubectl', args, { env }).then(
      ({ stdout }) => ({ stdout, stderr: '' }),
      (error: { stdout: string; stderr: string }) => error,
    )
  }
  return { aws, kubectl, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('the creator is administrator, another user is let in by an entry or by aws-auth, no other', async () => {
  await using world = await startWorld()
  const { aws, kubectl } = world
  const me = await kubectl(
    undefined,
    'auth',
    'whoami',
    '-o',
    'jsonpath={.status.userInfo.username}',
  )
  assert.equal(me.stdout, `arn:aws:iam::${testAccount}:user/administrator`, me.stderr)
  const nodes = await kubectl(undefined, 'auth', 'can-i', 'delete', 'nodes')
  assert.equal(nodes.stdout, 'yes\n', nodes.stderr)
  assert.match((await kubectl(ann, 'get', 'pods')).stderr, /Unauthorized|must be logged in/)

  const principal = [
    '--cluster-name',
    'demo',
    '--principal-arn',
    `arn:aws:iam::${testAccount}:user/ann`,
  ]
  await aws('create-access-entry', ...principal)
  assert.match(
    (await kubectl(ann, 'get', 'pods')).stderr,
    /Forbidden.* cannot list resource "pods"/,
  )
  await aws(
    ...[
      'associate-access-policy',
      ...principal,
      '--access-scope',
      'type=namespace,namespaces=default',
    ],
    ...['--policy-arn', 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy'],
  )
  assert.match((await kubectl(ann, 'get', 'pods')).stderr, /No resources found|^$/)
  assert.equal((await kubectl(ann, 'auth', 'can-i', 'create', 'pods')).stdout, 'no\n')
  assert.equal(
    (await kubectl(ann, 'auth', 'can-i', 'list', 'pods', '-n', 'kube-system')).stdout,
    'no\n',
  )
  await aws('delete-access-entry', ...principal)
  assert.match((await kubectl(ann, 'get', 'pods')).stderr, /Unauthorized|must be logged in/)

  const mapUsers = `mapUsers=[{userarn: "arn:aws:iam::${testAccount}:user/ann", username: ann, groups: ["system:masters"]}]`
  const map = ['create', 'configmap', 'aws-auth', '-n', 'kube-system', `--from-literal=${mapUsers}`]
  const created = await kubectl(undefined, ...map)
  assert.equal(created.stdout, 'configmap/aws-auth created\n', created.stderr)
  const annNow = await kubectl(ann, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')
  assert.equal(annNow.stdout, 'ann', annNow.stderr)
  assert.equal((await kubectl(ann, 'auth', 'can-i', 'delete', 'nodes')).stdout, 'yes\n')
})

test('groups of access entries and of aws-auth mean what bindings say of them', async () => {
  await using world = await startWorld()
  const { aws, kubectl } = world
  const arn = `arn:aws:iam::${testAccount}:user/ann`
  const mine = async (...args: string[]) => {
    const { stderr } = await kubectl(undefined, ...args)
    assert.equal(stderr, '')
  }
  const reader = ['create', 'role', 'reader', '--verb=list', '--resource=pods']
  await mine(...reader)
  await mine('create', 'rolebinding', 'reads', '--role=reader', '--group=readers')
  await mine('create', 'clusterrolebinding', 'ops', '--clusterrole=cluster-admin', '--group=ops')
  const can = async (...args: string[]) => (await kubectl(ann, 'auth', 'can-i', ...args)).stdout

  const principal = ['--cluster-name', 'demo', '--principal-arn', arn]
  await aws('create-access-entry', ...principal, '--kubernetes-groups', 'readers')
  assert.equal(await can('list', 'pods'), 'yes\n')
  assert.equal(await can('list', 'pods', '-n', 'kube-system'), 'no\n')
  assert.equal(await can('delete', 'pods'), 'no\n')
  // An access policy is no rule of RBAC: what it allows cannot be given on.
  await aws(
    ...['associate-access-policy', ...principal, '--access-scope', 'type=cluster'],
    ...['--policy-arn', 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy'],
  )
  const copy = ['create', 'role', 'copy', '--verb=delete', '--resource=pods']
  assert.match(
    (await kubectl(ann, ...copy)).stderr,
    /\(groups=\["readers" "system:authenticated"\]\) is attempting to grant RBAC permissions not/,
  )
  await aws('delete-access-entry', ...principal)

  const mapUsers = `mapUsers=[{userarn: "${arn}", username: ann, groups: [ops]}]`
  await mine('create', 'configmap', 'aws-auth', '-n', 'kube-system', `--from-literal=${mapUsers}`)
  assert.equal(await can('delete', 'nodes'), 'yes\n')
})
