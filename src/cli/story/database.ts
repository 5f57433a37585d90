/** The story's Aurora cluster, through the RDS API. */
import { randomBytes } from 'node:crypto'
import type { AwsAccess } from '../aws.ts'
import { CliFailure } from '../failure.ts'
import { queryCall, textOf } from '../query-call.ts'
import { waitUntil } from '../wait.ts'

export interface Database {
  readonly host: string
  readonly port: number
  /** `cluster-…`: what policies name. */
  readonly resourceId: string
  readonly masterPassword: string
}

const rds = { service: 'rds', version: '2014-10-31' }
const tag = 'podpass-story'
const limitMs = 60_000

/** Waits until it is available. Throws RDS's refusal, which says so where the machine has no PostgreSQL. */
export async function createDatabase(
  aws: AwsAccess,
  identifier: string,
  masterUser: string,
): Promise<Database> {
  const masterPassword = randomBytes(18).toString('base64url')
  await queryCall(aws, rds, 'CreateDBCluster', {
    DBClusterIdentifier: identifier,
    Engine: 'aurora-postgresql',
    DatabaseName: 'shop',
    EnableIAMDatabaseAuthentication: 'true',
    MasterUsername: masterUser,
    MasterUserPassword: masterPassword,
    'Tags.Tag.1.Key': tag,
    'Tags.Tag.1.Value': 'yes',
  })
  let xml = ''
  const isThere = await waitUntil(async () => {
    xml = await describe(aws, identifier)
    // Members and security groups have a status, too, but are never of this one.
    return xml.includes('<Status>available</Status>')
  }, limitMs)
  if (!isThere) throw new CliFailure(`the DB cluster \`${identifier}\` did not become available`)
  return {
    host: textOf(xml, 'Endpoint') ?? '',
    port: Number(textOf(xml, 'Port')),
    resourceId: textOf(xml, 'DbClusterResourceId') ?? '',
    masterPassword,
  }
}

/** Undefined: there is none of this name. */
export async function findDatabase(
  aws: AwsAccess,
  identifier: string,
): Promise<{ readonly isOfStory: boolean } | undefined> {
  try {
    const xml = await describe(aws, identifier)
    return { isOfStory: xml.includes(`<Key>${tag}</Key>`) }
  } catch (error) {
    if (/DBClusterNotFound/.test(String(error))) return undefined
    throw error
  }
}

/** With its data; waits until it is gone. */
export async function deleteDatabase(aws: AwsAccess, identifier: string): Promise<void> {
  await queryCall(aws, rds, 'DeleteDBCluster', {
    DBClusterIdentifier: identifier,
    SkipFinalSnapshot: 'true',
  })
  await waitUntil(async () => !(await findDatabase(aws, identifier)), limitMs)
}

function describe(aws: AwsAccess, identifier: string): Promise<string> {
  return queryCall(aws, rds, 'DescribeDBClusters', { DBClusterIdentifier: identifier })
}
