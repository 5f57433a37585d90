/** CreateDBCluster: a PostgreSQL of its own, with the roles of Aurora and a door that takes IAM tokens. */
import type { Call, Need, Operation } from '../../operation.ts'
import { rdsNeed, requestTags } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { endpointMark, resourceId } from '../ids.ts'
import {
  checkPasswordInput,
  createMasterSecret,
  newMasterPassword,
  type PasswordInput,
  secretNeeds,
} from '../master-secret.ts'
import { type ClusterRecord, rdsArn } from '../records.ts'
import { showCluster, zonesOf } from '../show.ts'
import { addTags, type TagList } from '../tags.ts'
import {
  checkDatabaseName,
  checkEngine,
  checkLogTypes,
  checkMasterPassword,
  checkMasterUsername,
  checkStorageType,
  checkVersion,
  readIdentifier,
} from '../validation.ts'

interface Input extends PasswordInput {
  readonly DBClusterIdentifier: string
  readonly Engine: string
  readonly AvailabilityZones?: readonly string[]
  readonly BackupRetentionPeriod?: number
  readonly CopyTagsToSnapshot?: boolean
  readonly DBClusterParameterGroupName?: string
  readonly DBSubnetGroupName?: string
  readonly DatabaseName?: string
  readonly DeletionProtection?: boolean
  readonly EnableCloudwatchLogsExports?: readonly string[]
  readonly EnableHttpEndpoint?: boolean
  readonly EnableIAMDatabaseAuthentication?: boolean
  readonly EngineMode?: string
  readonly EngineVersion?: string
  readonly GlobalClusterIdentifier?: string
  readonly KmsKeyId?: string
  readonly MasterUsername?: string
  readonly Port?: number
  readonly PreferredBackupWindow?: string
  readonly PreferredMaintenanceWindow?: string
  readonly ReplicationSourceIdentifier?: string
  readonly ServerlessV2ScalingConfiguration?: {
    readonly MinCapacity?: number
    readonly MaxCapacity?: number
  }
  readonly StorageEncrypted?: boolean
  readonly StorageType?: string
  readonly Tags?: TagList
  readonly VpcSecurityGroupIds?: readonly string[]
}

const portMin = 1150
const portMax = 65_535

export const createDBCluster: Operation<Input, object, RdsDeps> = {
  name: 'CreateDBCluster',
  access: needs,
  async handle(input, call, deps) {
    const { state, lifecycle, secrets } = deps
    const cluster = await newCluster(input, call, deps)
    const { masterSecret } = cluster
    if (!(await state.create('cluster', cluster))) {
      if (masterSecret) await secrets.delete(cluster, masterSecret.arn)
      throw refuse.DBClusterAlreadyExistsFault()
    }
    await lifecycle.start(cluster)
    const made = state.find(call, 'cluster', cluster.identifier) ?? cluster
    return { DBCluster: showCluster({ ...made, status: 'creating' }, []) }
  },
}

function needs(input: Input, call: Call, deps: RdsDeps): Need[] {
  const { DBSubnetGroupName, DBClusterParameterGroupName } = input
  const identifier = readIdentifier('DBClusterIdentifier', input.DBClusterIdentifier)
  const context = { ...requestTags(input.Tags), 'rds:DatabaseEngine': input.Engine }
  const action = 'CreateDBCluster'
  const wanted = [rdsNeed(action, call, 'cluster', identifier, deps, context)]
  if (DBSubnetGroupName !== undefined) {
    wanted.push(rdsNeed(action, call, 'subgrp', DBSubnetGroupName.toLowerCase(), deps))
  }
  if (DBClusterParameterGroupName !== undefined) {
    wanted.push(
      rdsNeed(action, call, 'cluster-pg', DBClusterParameterGroupName.toLowerCase(), deps),
    )
  }
  return [...wanted, ...secretNeeds(input, call, identifier)]
}

async function newCluster(input: Input, call: Call, deps: RdsDeps): Promise<ClusterRecord> {
  const identifier = readIdentifier('DBClusterIdentifier', input.DBClusterIdentifier)
  checkEngine(input.Engine)
  refuseWhatIsNotHere(input)
  const masterUsername = checkMasterUsername(input.MasterUsername)
  checkPasswordInput(input)
  const password = input.ManageMasterUserPassword
    ? newMasterPassword()
    : checkMasterPassword(input.MasterUserPassword)
  const databaseName = checkDatabaseName(input.DatabaseName)
  if (deps.state.find(call, 'cluster', identifier)) throw refuse.DBClusterAlreadyExistsFault()
  const engineVersion = checkVersion(input.EngineVersion, await installedVersion(deps))
  const { ServerlessV2ScalingConfiguration: capacity } = input
  const { account, region } = call
  const arn = rdsArn(call, 'cluster', identifier)
  const cluster: ClusterRecord = {
    account,
    region,
    identifier,
    arn,
    createdAt: call.at,
    tags: addTags({}, input.Tags),
    resourceId: resourceId('cluster'),
    endpointMark: endpointMark(),
    status: 'creating',
    engineVersion,
    port: await portFor(input.Port, deps),
    masterUsername,
    masterPasswordVerifier: await deps.databases.passwordVerifier(password),
    ...(databaseName !== undefined && { databaseName }),
    iamEnabled: input.EnableIAMDatabaseAuthentication ?? false,
    deletionProtection: input.DeletionProtection ?? false,
    parameterGroup: knownGroup(input, engineVersion, call, deps),
    subnetGroup: knownSubnetGroup(input, call, deps),
    securityGroupIds: input.VpcSecurityGroupIds ?? ['sg-00000000000000001'],
    availabilityZones: input.AvailabilityZones ?? zonesOf(call),
    backupRetentionDays: input.BackupRetentionPeriod ?? 1,
    backupWindow: input.PreferredBackupWindow ?? '17:00-17:30',
    maintenanceWindow: input.PreferredMaintenanceWindow ?? 'sun:18:00-sun:18:30',
    copyTagsToSnapshot: input.CopyTagsToSnapshot ?? false,
    storageEncrypted: input.StorageEncrypted ?? false,
    ...(input.KmsKeyId && { kmsKeyId: input.KmsKeyId }),
    ...(input.StorageType && { storageType: checkStorageType(input.StorageType) }),
    ...(input.EnableCloudwatchLogsExports?.length && {
      logExports: checkLogTypes(input.EnableCloudwatchLogsExports),
    }),
    ...(capacity && {
      serverlessCapacity: { min: capacity.MinCapacity ?? 0.5, max: capacity.MaxCapacity ?? 1 },
    }),
  }
  if (!input.ManageMasterUserPassword) return cluster
  // Last, so that nothing that is refused leaves a secret behind.
  const key = input.MasterUserSecretKmsKeyId
  const masterSecret = await createMasterSecret(deps.secrets, cluster, password, key, call.at)
  return { ...cluster, masterSecret }
}

/** What would change the meaning of the cluster and is not done here is refused, not passed over. */
function refuseWhatIsNotHere(input: Input): void {
  const refused = (text: string) => refuse.InvalidParameterCombination({ text })
  if (input.EngineMode !== undefined && input.EngineMode !== 'provisioned') {
    throw refused(
      `Podpass runs the engine mode provisioned only, not ${input.EngineMode.slice(0, 40)}.`,
    )
  }
  if (input.EnableHttpEndpoint) {
    throw refused('Podpass does not serve the RDS Data API: leave EnableHttpEndpoint out.')
  }
  if (input.GlobalClusterIdentifier !== undefined || input.ReplicationSourceIdentifier) {
    throw refused('Podpass runs no global clusters and no replicas of other clusters.')
  }
}

/** Rejects with words that say how to get a PostgreSQL, where there is none. */
async function installedVersion({ databases }: RdsDeps): Promise<string> {
  try {
    return await databases.engineVersion()
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw refuse.InsufficientDBInstanceCapacity({ text })
  }
}

async function portFor(wanted: number | undefined, { databases }: RdsDeps): Promise<number> {
  if (wanted !== undefined && (wanted < portMin || wanted > portMax)) {
    throw refuse.InvalidParameterValue({
      text: `Invalid database port ${wanted}: must be between ${portMin} and ${portMax}`,
    })
  }
  const port = await databases.freePort(wanted)
  if (port !== undefined) return port
  throw refuse.InvalidParameterValue({
    text: `The port ${wanted} is taken on this machine: give another, or none for a free one.`,
  })
}

function knownGroup(input: Input, version: string, call: Call, { state }: RdsDeps): string {
  const name = input.DBClusterParameterGroupName?.toLowerCase()
  const usual = `default.${input.Engine}${version.split('.')[0]}`
  if (name === undefined || name === usual) return usual
  if (state.find(call, 'cluster-pg', name)) return name
  throw refuse.DBClusterParameterGroupNotFound({ name })
}

function knownSubnetGroup(input: Input, call: Call, { state }: RdsDeps): string {
  const name = input.DBSubnetGroupName?.toLowerCase() ?? 'default'
  if (name === 'default' || state.find(call, 'subgrp', name)) return name
  throw refuse.DBSubnetGroupNotFoundFault({ name })
}
