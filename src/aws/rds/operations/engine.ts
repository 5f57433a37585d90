/** DescribeDBEngineVersions, DescribeOrderableDBInstanceOptions and DescribeGlobalClusters: what there is to order. */
import type { Operation } from '../../operation.ts'
import type { RdsDeps } from '../deps.ts'
import { type ListRequest, pageOf } from '../paging.ts'
import { zonesOf } from '../show.ts'
import { engine } from '../validation.ts'

interface EngineInput extends ListRequest {
  readonly DBParameterGroupFamily?: string
  readonly Engine?: string
  readonly EngineVersion?: string
}

/** The one version that is installed; none where there is no PostgreSQL. */
export const describeDBEngineVersions: Operation<EngineInput, object, RdsDeps> = {
  name: 'DescribeDBEngineVersions',
  access: () => [{ action: 'rds:DescribeDBEngineVersions', resource: '*' }],
  async handle(input, call, deps) {
    const version = await offeredVersion(input, deps)
    if (version === undefined) return { DBEngineVersions: [] }
    const major = version.split('.')[0] ?? version
    const family = `${engine}${major}`
    if ((input.DBParameterGroupFamily ?? family) !== family) return { DBEngineVersions: [] }
    return {
      DBEngineVersions: [
        {
          Engine: engine,
          MajorEngineVersion: major,
          EngineVersion: version,
          DBParameterGroupFamily: family,
          DBEngineDescription: 'Aurora (PostgreSQL)',
          DBEngineVersionDescription: `PostgreSQL ${version} behind Podpass's login proxy`,
          DBEngineVersionArn: `arn:aws:rds:${call.region}:${call.account}:engine-version:${engine}/${version}`,
          ValidUpgradeTarget: [],
          ExportableLogTypes: [],
          SupportsLogExportsToCloudwatchLogs: false,
          SupportsReadReplica: false,
          SupportedEngineModes: ['provisioned'],
          SupportedFeatureNames: [],
          Status: 'available',
          SupportsParallelQuery: false,
          SupportsGlobalDatabases: false,
          SupportsBabelfish: false,
          SupportedCACertificateIdentifiers: ['rds-ca-rsa2048-g1'],
        },
      ],
    }
  },
}

interface OptionInput extends EngineInput {
  readonly Engine: string
  readonly DBInstanceClass?: string
}

const classes = ['db.serverless', 'db.t3.medium', 'db.t4g.medium', 'db.r6g.large', 'db.r7g.large']

/** A few classes; they differ in name only, since all run on this machine. */
export const describeOrderableDBInstanceOptions: Operation<OptionInput, object, RdsDeps> = {
  name: 'DescribeOrderableDBInstanceOptions',
  access: () => [{ action: 'rds:DescribeOrderableDBInstanceOptions', resource: '*' }],
  async handle(input, call, deps) {
    const version = await offeredVersion(input, deps)
    const offered = classes.filter(
      (name) => version !== undefined && (input.DBInstanceClass ?? name) === name,
    )
    const { items, ...page } = pageOf(offered.toSorted(), (name) => name, input)
    return {
      OrderableDBInstanceOptions: items.map((DBInstanceClass) => ({
        Engine: engine,
        EngineVersion: version,
        DBInstanceClass,
        LicenseModel: 'postgresql-license',
        AvailabilityZones: zonesOf(call).map((Name) => ({ Name })),
        MultiAZCapable: false,
        ReadReplicaCapable: false,
        Vpc: true,
        SupportsStorageEncryption: true,
        StorageType: 'aurora',
        SupportsIops: false,
        SupportsEnhancedMonitoring: false,
        SupportsIAMDatabaseAuthentication: true,
        SupportsPerformanceInsights: false,
        SupportedEngineModes: ['provisioned'],
        SupportsStorageAutoscaling: false,
        SupportsKerberosAuthentication: false,
        SupportsGlobalDatabases: false,
        SupportedNetworkTypes: ['IPV4'],
        SupportsClusters: true,
      })),
      ...page,
    }
  },
}

/** There are none; Terraform asks on every refresh. */
export const describeGlobalClusters: Operation<ListRequest, object, RdsDeps> = {
  name: 'DescribeGlobalClusters',
  access: (_input, call) => [
    {
      action: 'rds:DescribeGlobalClusters',
      resource: `arn:aws:rds::${call.account}:global-cluster:*`,
    },
  ],
  handle: () => ({ GlobalClusters: [] }),
}

async function offeredVersion(input: EngineInput, deps: RdsDeps): Promise<string | undefined> {
  if ((input.Engine ?? engine) !== engine) return undefined
  // No PostgreSQL: nothing is offered, which is the truth; creating says how to get one.
  const installed = await deps.databases.engineVersion().catch(() => undefined)
  const wanted = input.EngineVersion
  if (installed === undefined || wanted === undefined) return installed
  return wanted === installed || wanted === installed.split('.')[0] ? installed : undefined
}
