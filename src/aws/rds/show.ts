/** Records as the API shows them. */
import type { ClusterRecord, GroupRecord, InstanceRecord, Scope } from './records.ts'
import { showTags } from './tags.ts'
import { engine } from './validation.ts'

/** The account's usual VPC; networks are not simulated. */
const vpcId = 'vpc-00000000000000001'

/** A cluster's members, the writer first: who was made it last, else the oldest; one of a better tier does not take over. */
export function membersOf(
  cluster: Pick<ClusterRecord, 'identifier'>,
  instances: readonly InstanceRecord[],
): InstanceRecord[] {
  return instances
    .filter((instance) => instance.clusterIdentifier === cluster.identifier)
    .toSorted(
      (a, b) =>
        (b.promotedAt ?? 0) - (a.promotedAt ?? 0) ||
        a.createdAt - b.createdAt ||
        (a.identifier < b.identifier ? -1 : 1),
    )
}

export function showCluster(cluster: ClusterRecord, instances: readonly InstanceRecord[]) {
  const { addresses, serverlessCapacity, databaseName, issue } = cluster
  const multiple = membersOf(cluster, instances).length > 1
  return {
    AllocatedStorage: 1,
    AvailabilityZones: cluster.availabilityZones,
    BackupRetentionPeriod: cluster.backupRetentionDays,
    ...(databaseName !== undefined && { DatabaseName: databaseName }),
    DBClusterIdentifier: cluster.identifier,
    DBClusterParameterGroup: cluster.parameterGroup,
    DBSubnetGroup: cluster.subnetGroup,
    Status: cluster.status,
    ...(addresses && { Endpoint: addresses.endpoint, ReaderEndpoint: addresses.readerEndpoint }),
    MultiAZ: multiple,
    Engine: engine,
    EngineVersion: cluster.engineVersion,
    EngineMode: 'provisioned',
    Port: cluster.port,
    MasterUsername: cluster.masterUsername,
    ...(cluster.masterSecret && {
      MasterUserSecret: {
        SecretArn: cluster.masterSecret.arn,
        SecretStatus: 'active',
        KmsKeyId:
          cluster.masterSecret.kmsKeyId ??
          `arn:aws:kms:${cluster.region}:${cluster.account}:alias/aws/secretsmanager`,
      },
    }),
    PreferredBackupWindow: cluster.backupWindow,
    PreferredMaintenanceWindow: cluster.maintenanceWindow,
    ReadReplicaIdentifiers: [],
    ...(issue !== undefined && {
      StatusInfos: [
        { StatusType: 'database', Normal: false, Status: cluster.status, Message: issue },
      ],
    }),
    DBClusterMembers: membersOf(cluster, instances).map((member, index) => ({
      DBInstanceIdentifier: member.identifier,
      IsClusterWriter: index === 0,
      DBClusterParameterGroupStatus: 'in-sync',
      PromotionTier: member.promotionTier,
    })),
    VpcSecurityGroups: showSecurityGroups(cluster),
    HostedZoneId: 'ZPODPASS00000',
    StorageEncrypted: cluster.storageEncrypted,
    ...(cluster.kmsKeyId !== undefined && { KmsKeyId: cluster.kmsKeyId }),
    ...(cluster.storageType !== undefined && { StorageType: cluster.storageType }),
    ...(cluster.logExports?.length && { EnabledCloudwatchLogsExports: cluster.logExports }),
    DbClusterResourceId: cluster.resourceId,
    DBClusterArn: cluster.arn,
    AssociatedRoles: (cluster.roles ?? []).map(({ arn, feature }) => ({
      RoleArn: arn,
      Status: 'ACTIVE',
      ...(feature !== undefined && { FeatureName: feature }),
    })),
    IAMDatabaseAuthenticationEnabled: cluster.iamEnabled,
    ClusterCreateTime: new Date(cluster.createdAt),
    HttpEndpointEnabled: false,
    ActivityStreamStatus: 'stopped',
    CopyTagsToSnapshot: cluster.copyTagsToSnapshot,
    CrossAccountClone: false,
    DomainMemberships: [],
    TagList: showTags(cluster.tags),
    AutoMinorVersionUpgrade: false,
    DeletionProtection: cluster.deletionProtection,
    NetworkType: 'IPV4',
    EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    ...(serverlessCapacity && {
      ServerlessV2ScalingConfiguration: {
        MinCapacity: serverlessCapacity.min,
        MaxCapacity: serverlessCapacity.max,
      },
    }),
  }
}

export function showSubnetGroup(group: GroupRecord) {
  return {
    DBSubnetGroupName: group.identifier,
    DBSubnetGroupDescription: group.description,
    VpcId: vpcId,
    SubnetGroupStatus: 'Complete',
    Subnets: (group.subnetIds ?? []).map((SubnetIdentifier, index) => ({
      SubnetIdentifier,
      SubnetAvailabilityZone: { Name: zonesOf(group)[index % 3] },
      SubnetOutpost: {},
      SubnetStatus: 'Active',
    })),
    DBSubnetGroupArn: group.arn,
    SupportedNetworkTypes: ['IPV4'],
  }
}

/** Three of the region's zones, as a cluster's storage has. */
export function zonesOf({ region }: Pick<Scope, 'region'>): string[] {
  return ['a', 'c', 'd'].map((zone) => `${region}${zone}`)
}

export function showSecurityGroups({ securityGroupIds }: ClusterRecord) {
  return securityGroupIds.map((VpcSecurityGroupId) => ({ VpcSecurityGroupId, Status: 'active' }))
}
