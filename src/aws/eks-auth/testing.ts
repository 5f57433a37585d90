/** EKS Auth behind a gateway for tests, with an agent that asks it as a node. Test code only. */
import { silentLog } from '../../audit/log.ts'
import { ManualClock } from '../../clock/manual-clock.ts'
import { evaluate } from '../../kernel/policy/evaluate.ts'
import { createEksAuthClient } from '../../node/eks-auth-client.ts'
import { startPodIdentityAgent } from '../../node/pod-identity-agent.ts'
import {
  allowing,
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
  testRegion,
} from '../gateway/testing.ts'
import { createSessions } from '../sessions.ts'
import { createSts } from '../sts/service.ts'
import { TestIssuer, testIssuer, trusting } from '../sts/testing.ts'
import type { EksAuthDeps } from './deps.ts'
import { createEksAuth } from './service.ts'

export const clusterArn = `arn:aws:eks:${testRegion}:${testAccount}:cluster/demo`

type Association = NonNullable<ReturnType<EksAuthDeps['association']>>

/** An association of id `a-1` with a role. */
export function associationOf(roleArn: string, more: Partial<Association> = {}): Association {
  const arn = `arn:aws:eks:${testRegion}:${testAccount}:podidentityassociation/demo/a-1`
  return { id: 'a-1', arn, roleArn, disableSessionTags: false, ...more }
}

export interface TestEksAuth extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly identities: MemoryIdentities
  readonly clock: ManualClock
  readonly issuer: TestIssuer
  /** By `namespace/serviceAccount`; that of `default/reader` is there. */
  readonly associations: Map<string, Association>
  readonly agentPort: number
  /** A token as the kubelet mounts it in pod `pod-after` of `default/reader`. */
  token(claims?: Record<string, unknown>): string
  /** Asks the agent. */
  ask(token: string): Promise<{ readonly status: number; readonly text: string }>
}

/** Role `reader` trusts EKS Pod Identity and may list buckets; the node's role may ask EKS Auth. */
export async function startTestEksAuth(): Promise<TestEksAuth> {
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const identities = new MemoryIdentities()
  const sessions = createSessions({ sealingKeys: [{ id: 1, key: new Uint8Array(32).fill(7) }] })
  const issuer = new TestIssuer()
  const pods = { Service: 'pods.eks.amazonaws.com' }
  const reader = identities.addRole('reader', [allowing('s3:ListAllMyBuckets')], {
    trustPolicy: trusting(pods),
  })
  identities.addRole('node', [allowing('eks-auth:AssumeRoleForPodIdentity')], {
    trustPolicy: trusting({ Service: 'ec2.amazonaws.com' }),
  })
  const associations = new Map([['default/reader', associationOf(reader.arn)]])
  const eksAuth = createEksAuth({
    identities,
    sessions,
    evaluate,
    cluster: (arn) =>
      arn === clusterArn
        ? { arn, name: 'demo', account: testAccount, issuer: testIssuer }
        : undefined,
    keys: () => issuer.keys,
    association: (_cluster, namespace, name) => associations.get(`${namespace}/${name}`),
  })
  const verifier = { keysOf: () => issuer.keys }
  const sts = createSts({ identities, sessions, verifier, evaluate, clock })
  const services = [eksAuth, sts.service]
  const gateway = await startTestGateway({ services, identities, sessions, clock })
  const client = createEksAuthClient({
    endpoint: () => gateway.endpoint,
    caPem: '',
    region: testRegion,
    clusterName: 'demo',
    clock,
    credentials: () =>
      sts.assumeRoleForService({
        roleArn: `arn:aws:iam::${testAccount}:role/node`,
        service: 'ec2.amazonaws.com',
        sessionName: 'i-0123456789abcdef0',
        durationSeconds: 3600,
        instanceId: 'i-0123456789abcdef0',
      }),
  })
  const agent = await startPodIdentityAgent({
    host: '127.0.0.1',
    port: 0,
    addresses: ['127.0.0.1'],
    clock,
    log: silentLog,
    assume: client.assume,
  })
  return {
    gateway,
    identities,
    clock,
    issuer,
    associations,
    agentPort: agent.port,
    token: (claims) => issuer.token(clock.now(), { aud: ['pods.eks.amazonaws.com'], ...claims }),
    async ask(token) {
      const url = `http://127.0.0.1:${agent.port}/v1/credentials`
      const answer = await fetch(url, { headers: { authorization: token } })
      return { status: answer.status, text: await answer.text() }
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
      client[Symbol.dispose]()
      await gateway[Symbol.asyncDispose]()
    },
  }
}
