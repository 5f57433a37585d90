/** CreateDBInstance, DescribeDBInstances, ModifyDBInstance, DeleteDBInstance: members of a cluster, which has the data. */
import type { Call, Operation } from '../../operation.ts'
import { rdsNeed, requestTags } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findCluster, findInstance, plainName } from '../find.ts'
import { resourceId } from '../ids.ts'
import { type ListRequest, pageOf, selected } from '../paging.ts'
import { type InstanceRecord, rdsArn } from '../records.ts'
import { zonesOf } from '../show.ts'
import { showInstanceOf, usualCertificate } from '../show-instance.ts'
import { addTags, type TagList } from '../tags.ts'
import { checkEngine, engine, readIdentifier } from '../validation.ts'

interface Settings {
  readonly AutoMinorVersionUpgrade?: boolean
  readonly CACertificateIdentifier?: string
  readonly CopyTagsToSnapshot?: boolean
  readonly DBInstanceClass?: string
  readonly DBParameterGroupName?: string
  readonly EnablePerformanceInsights?: boolean
  readonly MonitoringInterval?: number
  readonly MonitoringRoleArn?: string
  readonly PerformanceInsightsKMSKeyId?: string
  readonly PerformanceInsightsRetentionPeriod?: number
  readonly PreferredMaintenanceWindow?: string
  readonly PromotionTier?: number
  readonly PubliclyAccessible?: boolean
}

interface CreateInput extends Settings {
  readonly DBInstanceIdentifier: string
  readonly DBInstanceClass: string
  readonly Engine: string
  readonly AvailabilityZone?: string
  readonly DBClusterIdentifier?: string
  readonly MasterUsername?: string
  readonly MasterUserPassword?: string
  readonly Tags?: TagList
}

const classForm = /^db\.(serverless|[a-z0-9-]+\.[a-z0-9-]+)$/
const tierMax = 15
/** Seconds. Nothing is monitored. */
const monitoringIntervals = [0, 1, 5, 10, 15, 30, 60]
const certificates = [usualCertificate, 'rds-ca-rsa4096-g1', 'rds-ca-ecc384-g1']
const instancesMax = 16

export const createDBInstance: Operation<CreateInput, object, RdsDeps> = {
  name: 'CreateDBInstance',
  access: (input, call, deps) => {
    const { DBClusterIdentifier, Tags } = input
    const identifier = readIdentifier('DBInstanceIdentifier', input.DBInstanceIdentifier)
    const context = { ...requestTags(Tags), 'rds:DatabaseEngine': input.Engine }
    const needs = [rdsNeed('CreateDBInstance', call, 'db', identifier, deps, context)]
    if (DBClusterIdentifier !== undefined) {
      needs.push(rdsNeed('CreateDBInstance', call, 'cluster', plainName(DBClusterIdentifier), deps))
    }
    return needs
  },
  async handle(input, call, deps) {
    const { state } = deps
    const identifier = readIdentifier('DBInstanceIdentifier', input.DBInstanceIdentifier)
    checkEngine(input.Engine)
    if (input.DBClusterIdentifier === undefined) {
      throw refuse.InvalidParameterCombination({
        text: `Podpass runs instances of ${engine} clusters only: give DBClusterIdentifier.`,
      })
    }
    if (input.MasterUsername !== undefined || input.MasterUserPassword !== undefined) {
      throw refuse.InvalidParameterCombination({
        text: 'The requested DB Instance will be a member of a DB Cluster. Set master user password for the DB Cluster.',
      })
    }
    const cluster = findCluster(state, call, input.DBClusterIdentifier)
    if (cluster.status === 'deleting') {
      throw refuse.InvalidDBClusterStateFault({
        text: `DB cluster ${cluster.identifier} is deleting`,
      })
    }
    if (state.list(call, 'db').length >= instancesMax * 10) {
      throw refuse.InsufficientDBInstanceCapacity({ text: 'There are too many DB instances.' })
    }
    const { account, region } = call
    const instance: InstanceRecord = {
      account,
      region,
      identifier,
      arn: rdsArn(call, 'db', identifier),
      createdAt: call.at,
      tags: addTags({}, input.Tags),
      clusterIdentifier: cluster.identifier,
      resourceId: resourceId('db'),
      availabilityZone: input.AvailabilityZone ?? zonesOf(call)[0] ?? region,
      instanceClass: input.DBInstanceClass,
      promotionTier: 1,
      publiclyAccessible: false,
      autoMinorVersionUpgrade: true,
      ...settingsOf(input, call, deps),
    }
    if (!(await state.create('db', instance))) throw refuse.DBInstanceAlreadyExists()
    return { DBInstance: showInstanceOf(instance, call, state, 'creating') }
  },
}

interface DescribeInput extends ListRequest {
  readonly DBInstanceIdentifier?: string
}

const filters = {
  'db-cluster-id': ({ clusterIdentifier, account, region }: InstanceRecord) => [
    clusterIdentifier,
    rdsArn({ account, region }, 'cluster', clusterIdentifier),
  ],
  'db-instance-id': ({ identifier, arn }: InstanceRecord) => [identifier, arn],
  'dbi-resource-id': (instance: InstanceRecord) => [instance.resourceId],
  engine: () => [engine],
}

export const describeDBInstances: Operation<DescribeInput, object, RdsDeps> = {
  name: 'DescribeDBInstances',
  access: ({ DBInstanceIdentifier }, call, deps) => [
    rdsNeed('DescribeDBInstances', call, 'db', plainName(DBInstanceIdentifier ?? '*'), deps),
  ],
  handle(input, call, { state }) {
    const all = selected(state.list(call, 'db'), input, input.DBInstanceIdentifier, {
      byIdentifier: 'db-instance-id',
      filters,
      notFound: (name) => refuse.DBInstanceNotFound({ name }),
    })
    const { items, ...page } = pageOf(all, ({ identifier }) => identifier, input)
    return { DBInstances: items.map((instance) => showInstanceOf(instance, call, state)), ...page }
  },
}

interface ModifyInput extends Settings {
  readonly DBInstanceIdentifier: string
  readonly NewDBInstanceIdentifier?: string
}

export const modifyDBInstance: Operation<ModifyInput, object, RdsDeps> = {
  name: 'ModifyDBInstance',
  access: (input, call, deps) => [
    rdsNeed('ModifyDBInstance', call, 'db', plainName(input.DBInstanceIdentifier), deps),
  ],
  async handle(input, call, deps) {
    const { state } = deps
    const { identifier } = findInstance(state, call, input.DBInstanceIdentifier)
    if (input.NewDBInstanceIdentifier && input.NewDBInstanceIdentifier !== identifier) {
      throw refuse.InvalidParameterCombination({ text: 'Podpass does not rename DB instances.' })
    }
    const settings = settingsOf(input, call, deps)
    const next = await state.change(call, 'db', identifier, (c) => ({ ...c, ...settings }))
    if (!next) throw refuse.DBInstanceNotFound({ name: identifier })
    return { DBInstance: showInstanceOf(next, call, state) }
  },
}

interface DeleteInput {
  readonly DBInstanceIdentifier: string
}

/** Takes a member away; the cluster keeps its data, and the oldest member left is its writer. */
export const deleteDBInstance: Operation<DeleteInput, object, RdsDeps> = {
  name: 'DeleteDBInstance',
  access: (input, call, deps) => [
    rdsNeed('DeleteDBInstance', call, 'db', plainName(input.DBInstanceIdentifier), deps),
  ],
  async handle(input, call, { state }) {
    const instance = findInstance(state, call, input.DBInstanceIdentifier)
    const shown = showInstanceOf(instance, call, state, 'deleting')
    await state.delete(call, 'db', instance.identifier)
    return { DBInstance: shown }
  },
}

function settingsOf(input: Settings, call: Call, { state }: RdsDeps): Partial<InstanceRecord> {
  checkSettings(input)
  const group = input.DBParameterGroupName?.toLowerCase()
  if (group !== undefined && !group.startsWith('default.') && !state.find(call, 'pg', group)) {
    throw refuse.DBParameterGroupNotFound({ type: 'DBParameterGroup', name: group })
  }
  const given: Partial<Record<keyof InstanceRecord, unknown>> = {
    instanceClass: input.DBInstanceClass,
    promotionTier: input.PromotionTier,
    publiclyAccessible: input.PubliclyAccessible,
    autoMinorVersionUpgrade: input.AutoMinorVersionUpgrade,
    parameterGroup: group,
    caCertificate: input.CACertificateIdentifier,
    copyTagsToSnapshot: input.CopyTagsToSnapshot,
    maintenanceWindow: input.PreferredMaintenanceWindow,
    monitoringInterval: input.MonitoringInterval,
    monitoringRoleArn: input.MonitoringRoleArn,
    performanceInsights: input.EnablePerformanceInsights,
    performanceInsightsKeyId: input.PerformanceInsightsKMSKeyId,
    performanceInsightsDays: input.PerformanceInsightsRetentionPeriod,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function checkSettings(input: Settings): void {
  const { DBInstanceClass, PromotionTier, MonitoringInterval = 0, CACertificateIdentifier } = input
  if (DBInstanceClass !== undefined && !classForm.test(DBInstanceClass)) {
    throw refuse.InvalidParameterValue({
      text: `Invalid DB Instance class: ${DBInstanceClass.slice(0, 60)}`,
    })
  }
  if (PromotionTier !== undefined && (PromotionTier < 0 || PromotionTier > tierMax)) {
    throw refuse.InvalidParameterValue({ text: `PromotionTier must be from 0 to ${tierMax}.` })
  }
  if (!monitoringIntervals.includes(MonitoringInterval)) {
    throw refuse.InvalidParameterValue({
      text: `Invalid MonitoringInterval: must be one of ${monitoringIntervals.join(', ')}.`,
    })
  }
  if (MonitoringInterval !== 0 && !input.MonitoringRoleArn) {
    throw refuse.InvalidParameterCombination({
      text: 'A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.',
    })
  }
  if (CACertificateIdentifier !== undefined && !certificates.includes(CACertificateIdentifier)) {
    throw refuse.CertificateNotFound({ name: CACertificateIdentifier.slice(0, 100) })
  }
}
