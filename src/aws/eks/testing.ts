/** Clusters for tests that are nothing but what was asked of them, and an EKS over them behind a real gateway. Test code only. */
import assert from 'node:assert/strict'
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import { silentLog } from '../../audit/log.ts'
import { ManualClock } from '../../clock/manual-clock.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { SigningCredentials } from '../../kernel/sigv4/sign.ts'
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import type { Store } from '../../store/store.ts'
import {
  administrator,
  MemoryIdentities,
  startTestGateway,
  type TestGateway,
  testAccount,
  testRegion,
} from '../gateway/testing.ts'
import type { AwsService } from '../operation.ts'
import type {
  ClusterAddresses,
  ClusterControl,
  ClusterSpec,
  FargateProfileSpec,
  NodegroupSpec,
} from './cluster-control.ts'
import { type Eks, openEks } from './service.ts'

export const clusterRole = `arn:aws:iam::${testAccount}:role/cluster`
export const nodeRole = `arn:aws:iam::${testAccount}:role/nodes`

/** Remembers what runs; `before` can hold or fail a step. */
export class MemoryClusters implements ClusterControl {
  readonly clusters = new Map<string, ClusterSpec>()
  readonly nodegroups = new Map<string, NodegroupSpec>()
  /** By cluster ARN. */
  readonly fargate = new Map<string, readonly FargateProfileSpec[]>()
  before: (step: string) => Promise<void> = async () => {}

  async start(cluster: ClusterSpec): Promise<ClusterAddresses> {
    await this.before(`start ${cluster.name}`)
    this.clusters.set(cluster.arn, cluster)
    return {
      endpoint: 'https://127.0.0.1:6443',
      certificateAuthorityPem: '-----BEGIN CERTIFICATE-----\n',
      issuer: `https://localhost:4567/id/${cluster.issuerId}`,
    }
  }

  async stop(clusterArn: string): Promise<void> {
    await this.before(`stop ${clusterArn}`)
    this.clusters.delete(clusterArn)
  }

  async provision(nodegroup: NodegroupSpec): Promise<void> {
    await this.before(`provision ${nodegroup.name}`)
    this.nodegroups.set(nodegroup.name, nodegroup)
  }

  async release(_clusterArn: string, nodegroupName: string): Promise<void> {
    await this.before(`release ${nodegroupName}`)
    this.nodegroups.delete(nodegroupName)
  }

  async setFargateProfiles(
    clusterArn: string,
    profiles: readonly FargateProfileSpec[],
  ): Promise<void> {
    this.fargate.set(clusterArn, profiles)
  }

  privateDnsName(_clusterArn: string, instanceId: string): string | undefined {
    return instanceId === 'i-0123456789abcdef0' ? 'ip-10-0-0-1.internal' : undefined
  }
}

export interface TestEks extends AsyncDisposable {
  readonly eks: Eks
  readonly clusters: MemoryClusters
  readonly gateway: TestGateway
}

/** A client of AWS's own for it. */
export function eksClient(
  { gateway }: TestEks,
  credentials: SigningCredentials = administrator,
  region = testRegion,
): EKSClient {
  const { accessKeyId, secretAccessKey } = credentials
  return new EKSClient({
    endpoint: gateway.endpoint,
    region,
    maxAttempts: 1,
    requestHandler: { httpAgent: { keepAlive: false } },
    credentials: { accessKeyId, secretAccessKey },
  })
}

/** An EKS with a store in memory. `services` are served beside it; a given store or clock is used and not closed. */
export async function startTestEks(
  options: { clock?: Clock; store?: Store; services?: readonly AwsService[] } = {},
): Promise<TestEks> {
  const clusters = new MemoryClusters()
  const identities = new MemoryIdentities()
  const clock =
    options.clock ?? new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const store = options.store ?? openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const roleExists = (arn: string): boolean => arn === clusterRole || arn === nodeRole
  const roleTrusts = (arn: string, service: string): boolean =>
    arn === nodeRole || service === 'eks.amazonaws.com'
  const eks = openEks({ store, clock, clusters, log: silentLog, roleExists, roleTrusts })
  const services = [eks.service, ...(options.services ?? [])]
  const gateway = await startTestGateway({ services, identities, clock })
  return {
    eks,
    clusters,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await eks[Symbol.asyncDispose]()
      if (!options.store) await store[Symbol.asyncDispose]()
    },
  }
}

/** Of the cluster that `withCluster` makes. */
export const clusterName = 'demo'

/** An EKS with one cluster, and a client of it. */
export async function withCluster(): Promise<
  { running: TestEks; client: EKSClient } & AsyncDisposable
> {
  const running = await startTestEks()
  const client = eksClient(running)
  const resourcesVpcConfig = { subnetIds: ['subnet-1'] }
  const accessConfig = { authenticationMode: 'API' as const }
  await client.send(
    new CreateClusterCommand({
      name: clusterName,
      roleArn: clusterRole,
      resourcesVpcConfig,
      accessConfig,
    }),
  )
  return { running, client, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

/** For `assert.rejects`: the client's error has this name, and a message like this. */
export function refusal(name: string, message: RegExp) {
  return (error: Error): true => {
    assert.equal(error.name, name)
    assert.match(error.message, message)
    return true
  }
}
