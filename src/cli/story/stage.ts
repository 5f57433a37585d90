/** Where the story is played: a cluster with one node, an Aurora cluster with a row, and a policy; made, and taken away again. */
import { readFileSync } from 'node:fs'
import type { CoreV1Api } from '@kubernetes/client-node'
import { type AwsAccess, isAwsError } from '../aws.ts'
import { clusterApi, findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { deleteRole } from '../service-account-role.ts'
import { tools } from '../tutorial/tools.ts'
import { createDatabase, type Database, deleteDatabase, findDatabase } from './database.ts'
import { secretRow } from './pod-script.ts'
import { worldNames } from './story.ts'

export interface StageOptions {
  readonly context: CliContext
  readonly aws: AwsAccess
  /** Name of the cluster, and what all other names begin with. */
  readonly name: string
  readonly account: string
  /** The lab's folder of clusters. */
  readonly clusters: string
}

export interface Stage extends StageOptions {
  readonly core: CoreV1Api
  readonly database: Database
  /** ARN of the policy that allows the login. */
  readonly policy: string
  readonly nodeRole: string
}

/** By this tag a story knows its own cluster from another of the same name. Its value: the process that plays it. */
const tag = 'podpass.dev/story'
const masterUser = 'postgres'

/** The roles of a world that the story makes. */
export function roleNames(prefix: string, world: string) {
  const of = (who: string) => `${prefix}-${world}-${who}`
  return { database: of('database'), public: of('public'), payroll: of('payroll') }
}

/** Role of kiam's server. */
export const serverRole = (prefix: string) => `${prefix}-kiam-server`

/** Makes all of it, where `clearStage` has made room. */
export async function setStage(options: StageOptions, say: (what: string) => void): Promise<Stage> {
  const { context, aws, name, account } = options
  say('cluster')
  const tags = `${tag}=${process.pid}`
  await podpass(
    options,
    ...['create', 'cluster', '--name', name, '--nodes', '1', '--tags', tags],
    ...['--with-oidc', '--no-write-kubeconfig'],
  )
  say('database')
  const database = await createDatabase(aws, name, masterUser)
  await fill(aws, database)
  const iam = await aws.iam()
  const { CreatePolicyCommand } = await import('@aws-sdk/client-iam')
  const resource = `arn:aws:rds-db:${aws.region}:${account}:dbuser:${database.resourceId}/app`
  const statement = { Effect: 'Allow', Action: 'rds-db:connect', Resource: resource }
  const { Policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: `${name}-database`,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    }),
  )
  const cluster = await findCluster(aws, name)
  const { DescribeNodegroupCommand } = await import('@aws-sdk/client-eks')
  const { nodegroup } = await (await aws.eks()).send(
    new DescribeNodegroupCommand({ clusterName: name, nodegroupName: 'ng-1' }),
  )
  return {
    ...options,
    core: await clusterApi(context, aws, cluster),
    database,
    policy: Policy?.Arn ?? '',
    nodeRole: nodegroup?.nodeRole ?? '',
  }
}

/** The table with the row, and the user `app` who may read it by token only. */
async function fill(aws: AwsAccess, { host, port, masterPassword }: Database): Promise<void> {
  const { Client } = await import('pg')
  const ca = readFileSync(aws.environment['AWS_CA_BUNDLE'] ?? '', 'utf8')
  const client = new Client({
    ...{ host, port, user: masterUser, password: masterPassword, database: 'shop' },
    ssl: { ca },
  })
  client.on('error', () => {})
  await client.connect()
  try {
    const [person = '', card = ''] = secretRow.split('|')
    await client.query('CREATE USER app; GRANT rds_iam TO app')
    await client.query('CREATE TABLE customers (name text, card text)')
    await client.query('INSERT INTO customers VALUES ($1, $2)', [person, card])
    await client.query('GRANT SELECT ON customers TO app')
  } finally {
    await client.end()
  }
}

/** Removes what a story of this name made. Refuses where the cluster or the database is not of a story. */
export async function clearStage(
  options: StageOptions,
  say: (what: string) => void,
): Promise<void> {
  const { aws, name, account } = options
  const hints = ['play it under another name:    podpass story --cluster podpass-story-2']
  const { DescribeClusterCommand } = await import('@aws-sdk/client-eks')
  const { cluster } = await (await aws.eks())
    .send(new DescribeClusterCommand({ name }))
    .catch((error: unknown) => {
      if (isAwsError(error, 'ResourceNotFound')) return { cluster: undefined }
      throw error
    })
  const player = cluster?.tags?.[tag]
  if (cluster && player === undefined) {
    throw new CliFailure(`the cluster \`${name}\` is not of a story`, { hints })
  }
  if (player !== undefined && Number(player) !== process.pid && isAlive(Number(player))) {
    throw new CliFailure(`a story is being played in \`${name}\` now, by process ${player}`, {
      hints,
    })
  }
  const database = await findDatabase(aws, name)
  if (database && !database.isOfStory) {
    throw new CliFailure(`the DB cluster \`${name}\` is not of a story`, { hints })
  }
  if (cluster || database) say('leftovers')
  if (cluster) await podpass(options, 'delete', 'cluster', '--name', name)
  if (database) await deleteDatabase(aws, name)
  const iam = await aws.iam()
  for (const world of worldNames) {
    for (const role of Object.values(roleNames(name, world))) await deleteRole(iam, role)
  }
  await deleteRole(iam, serverRole(name))
  const { DeletePolicyCommand } = await import('@aws-sdk/client-iam')
  const PolicyArn = `arn:aws:iam::${account}:policy/${name}-database`
  await iam.send(new DeletePolicyCommand({ PolicyArn })).catch((error: unknown) => {
    if (!isAwsError(error, 'NoSuchEntity')) throw error
  })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A command of Podpass itself, in a process of its own as a person runs it; throws where it fails. */
export async function podpass(
  { aws }: Pick<StageOptions, 'aws'>,
  ...args: string[]
): Promise<void> {
  const none = { kubectl: false, aws: false }
  const { output, exitCode } = await tools({ ...aws.environment, NO_COLOR: '1' }, none).podpass(
    ...args,
  )
  if (exitCode === 0) return
  throw new CliFailure(`\`podpass ${args.slice(0, 2).join(' ')}\` failed: ${output.trim()}`)
}
