/** Instances as the API shows them: much of what they are is their cluster's. */
import type { Call } from '../operation.ts'
import { findCluster } from './find.ts'
import { type ClusterRecord, type GroupRecord, type InstanceRecord, rdsArn } from './records.ts'
import { membersOf, showSecurityGroups, showSubnetGroup } from './show.ts'
import type { RdsState } from './state.ts'
import { showTags } from './tags.ts'
import { engine } from './validation.ts'

/** The certificate that AWS gives an instance which asks for none; here it names the lab's own. */
export const usualCertificate = 'rds-ca-rsa2048-g1'

/** An instance as it is; `status` in the place of its own. Throws where its cluster is gone. */
export function showInstanceOf(
  instance: InstanceRecord,
  call: Call,
  state: RdsState,
  status?: string,
) {
  const cluster = findCluster(state, call, instance.clusterIdentifier)
  const subnetGroup = state.find(call, 'subgrp', cluster.subnetGroup)
  const shown = showInstance(instance, cluster, state.list(call, 'db'), subnetGroup)
  return status === undefined ? shown : { ...shown, DBInstanceStatus: status }
}

function showInstance(
  instance: InstanceRecord,
  cluster: ClusterRecord,
  instances: readonly InstanceRecord[],
  subnetGroup: GroupRecord | undefined,
) {
  const isWriter = membersOf(cluster, instances)[0]?.identifier === instance.identifier
  const { addresses, databaseName } = cluster
  return {
    DBInstanceIdentifier: instance.identifier,
    DBInstanceClass: instance.instanceClass,
    Engine: engine,
    DBInstanceStatus: statusOf(cluster),
    MasterUsername: cluster.masterUsername,
    ...(databaseName !== undefined && { DBName: databaseName }),
    ...(addresses && {
      Endpoint: {
        Address: isWriter ? addresses.endpoint : addresses.readerEndpoint,
        Port: cluster.port,
        HostedZoneId: 'ZPODPASS00000',
      },
    }),
    AllocatedStorage: 1,
    InstanceCreateTime: new Date(instance.createdAt),
    PreferredBackupWindow: cluster.backupWindow,
    BackupRetentionPeriod: cluster.backupRetentionDays,
    DBSecurityGroups: [],
    VpcSecurityGroups: showSecurityGroups(cluster),
    DBParameterGroups: [
      {
        DBParameterGroupName:
          instance.parameterGroup ?? `default.${engine}${cluster.engineVersion.split('.')[0]}`,
        ParameterApplyStatus: 'in-sync',
      },
    ],
    AvailabilityZone: instance.availabilityZone,
    DBSubnetGroup: showSubnetGroup(subnetGroup ?? usualSubnetGroup(cluster)),
    PreferredMaintenanceWindow: instance.maintenanceWindow ?? cluster.maintenanceWindow,
    PendingModifiedValues: {},
    MultiAZ: false,
    EngineVersion: cluster.engineVersion,
    AutoMinorVersionUpgrade: instance.autoMinorVersionUpgrade,
    ReadReplicaDBInstanceIdentifiers: [],
    LicenseModel: 'postgresql-license',
    PubliclyAccessible: instance.publiclyAccessible,
    StorageType: 'aurora',
    DbInstancePort: 0,
    DBClusterIdentifier: cluster.identifier,
    StorageEncrypted: cluster.storageEncrypted,
    ...(cluster.kmsKeyId !== undefined && { KmsKeyId: cluster.kmsKeyId }),
    DbiResourceId: instance.resourceId,
    CACertificateIdentifier: instance.caCertificate ?? usualCertificate,
    DomainMemberships: [],
    CopyTagsToSnapshot: instance.copyTagsToSnapshot ?? cluster.copyTagsToSnapshot,
    MonitoringInterval: instance.monitoringInterval ?? 0,
    ...(instance.monitoringRoleArn && { MonitoringRoleArn: instance.monitoringRoleArn }),
    PromotionTier: instance.promotionTier,
    DBInstanceArn: instance.arn,
    IAMDatabaseAuthenticationEnabled: cluster.iamEnabled,
    PerformanceInsightsEnabled: instance.performanceInsights ?? false,
    ...(instance.performanceInsights && {
      PerformanceInsightsRetentionPeriod: instance.performanceInsightsDays ?? 7,
      ...(instance.performanceInsightsKeyId && {
        PerformanceInsightsKMSKeyId: instance.performanceInsightsKeyId,
      }),
    }),
    DeletionProtection: false,
    AssociatedRoles: [],
    TagList: showTags(instance.tags),
    NetworkType: 'IPV4',
    BackupTarget: 'region',
  }
}

/** An instance runs, or does not, as its cluster does. */
function statusOf({ status }: ClusterRecord): string {
  switch (status) {
    case 'failed':
    case 'stopping':
    case 'stopped':
    case 'starting':
      return status
    default:
      return 'available'
  }
}

/** The group that AWS makes of the account's usual VPC. */
function usualSubnetGroup(cluster: ClusterRecord): GroupRecord {
  const { account, region, createdAt } = cluster
  const identifier = 'default'
  const arn = rdsArn(cluster, 'subgrp', identifier)
  const subnetIds: string[] = []
  return {
    account,
    region,
    identifier,
    arn,
    createdAt,
    tags: {},
    description: 'default',
    subnetIds,
  }
}
