/** Subnet groups, cluster parameter groups and parameter groups: made, shown, deleted. Nothing hangs on what is in them. */
import type { Call, Operation } from '../../operation.ts'
import { rdsNeed, requestTags } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { type ListRequest, pageOf } from '../paging.ts'
import { type GroupRecord, type groupKinds, rdsArn } from '../records.ts'
import { showSubnetGroup } from '../show.ts'
import type { RdsState } from '../state.ts'
import { addTags, type TagList } from '../tags.ts'
import { readGroupName } from '../validation.ts'

type GroupKind = (typeof groupKinds)[number]

interface Input extends ListRequest {
  readonly DBClusterParameterGroupName?: string
  readonly DBParameterGroupFamily?: string
  readonly DBParameterGroupName?: string
  readonly DBSubnetGroupDescription?: string
  readonly DBSubnetGroupName?: string
  readonly Description?: string
  readonly SubnetIds?: readonly string[]
  readonly Tags?: TagList
}

/** How one kind is called, and shown. */
interface Form {
  readonly kind: GroupKind
  readonly name: 'DBSubnetGroup' | 'DBClusterParameterGroup' | 'DBParameterGroup'
  show(group: GroupRecord): object
  notFound(name: string): Error
  exists(name: string): Error
  inUse(name: string): Error
}

function parameterGroup(kind: 'cluster-pg' | 'pg', name: Form['name']): Form {
  return {
    kind,
    name,
    show: (group) => ({
      [`${name}Name`]: group.identifier,
      DBParameterGroupFamily: group.family,
      Description: group.description,
      [`${name}Arn`]: group.arn,
    }),
    notFound: (group) => refuse.DBParameterGroupNotFound({ type: name, name: group }),
    exists: (group) => refuse.DBParameterGroupAlreadyExists({ name: group }),
    inUse: (group) =>
      refuse.InvalidDBParameterGroupState({
        text: `One or more database instances are still members of this parameter group ${group}, so the group cannot be deleted`,
      }),
  }
}

const forms = {
  subnet: {
    kind: 'subgrp',
    name: 'DBSubnetGroup',
    show: showSubnetGroup,
    notFound: (name) => refuse.DBSubnetGroupNotFoundFault({ name }),
    exists: (name) => refuse.DBSubnetGroupAlreadyExists({ name }),
    inUse: (name) =>
      refuse.InvalidDBSubnetGroupStateFault({
        text: `Cannot delete the subnet group '${name}' because at least one database instance is still using it.`,
      }),
  },
  cluster: parameterGroup('cluster-pg', 'DBClusterParameterGroup'),
  instance: parameterGroup('pg', 'DBParameterGroup'),
} as const satisfies Record<string, Form>

type GroupOperation = Operation<Input, object, RdsDeps>

function create(form: Form): GroupOperation {
  const name = `Create${form.name}`
  return {
    name,
    access: (input, call, deps) => {
      const identifier = readGroupName(`${form.name}Name`, nameOf(input, form))
      return [rdsNeed(name, call, form.kind, identifier, deps, requestTags(input.Tags))]
    },
    async handle(input, call, { state }) {
      const identifier = readGroupName(`${form.name}Name`, nameOf(input, form))
      const { account, region } = call
      const group: GroupRecord = {
        account,
        region,
        identifier,
        arn: rdsArn(call, form.kind, identifier),
        createdAt: call.at,
        tags: addTags({}, input.Tags),
        description: input.DBSubnetGroupDescription ?? input.Description ?? '',
        ...(input.DBParameterGroupFamily && { family: input.DBParameterGroupFamily }),
        ...(input.SubnetIds && { subnetIds: input.SubnetIds }),
      }
      if (!(await state.create(form.kind, group))) throw form.exists(identifier)
      return { [form.name]: form.show(group) }
    },
  }
}

function describe(form: Form): GroupOperation {
  const name = `Describe${form.name}s`
  return {
    name,
    access: (input, call, deps) => [
      rdsNeed(name, call, form.kind, nameOf(input, form).toLowerCase() || '*', deps),
    ],
    handle(input, call, { state }) {
      const wanted = nameOf(input, form).toLowerCase()
      if (wanted) {
        const group = state.find(call, form.kind, wanted)
        if (!group) throw form.notFound(wanted)
        return { [`${form.name}s`]: [form.show(group)] }
      }
      const all = state.list(call, form.kind)
      const { items, ...page } = pageOf(all, ({ identifier }) => identifier, input)
      return { [`${form.name}s`]: items.map((group) => form.show(group)), ...page }
    },
  }
}

function remove(form: Form): GroupOperation {
  const name = `Delete${form.name}`
  return {
    name,
    access: (input, call, deps) => [
      rdsNeed(name, call, form.kind, nameOf(input, form).toLowerCase(), deps),
    ],
    async handle(input, call, { state }) {
      const identifier = nameOf(input, form).toLowerCase()
      if (!state.find(call, form.kind, identifier)) throw form.notFound(identifier)
      if (isUsed(form.kind, identifier, call, state)) throw form.inUse(identifier)
      await state.delete(call, form.kind, identifier)
      return {}
    },
  }
}

export const createDBSubnetGroup = create(forms.subnet)
export const describeDBSubnetGroups = describe(forms.subnet)
export const deleteDBSubnetGroup = remove(forms.subnet)
export const createDBClusterParameterGroup = create(forms.cluster)
export const describeDBClusterParameterGroups = describe(forms.cluster)
export const deleteDBClusterParameterGroup = remove(forms.cluster)
export const createDBParameterGroup = create(forms.instance)
export const describeDBParameterGroups = describe(forms.instance)
export const deleteDBParameterGroup = remove(forms.instance)

/** The parameters that are fixed here; the rest is PostgreSQL's own, and no API changes it. */
export const describeDBClusterParameters: GroupOperation = {
  name: 'DescribeDBClusterParameters',
  access: (input, call, deps) => [
    rdsNeed(
      'DescribeDBClusterParameters',
      call,
      'cluster-pg',
      nameOf(input, forms.cluster).toLowerCase(),
      deps,
    ),
  ],
  handle(input, call, { state }) {
    const name = nameOf(input, forms.cluster).toLowerCase()
    if (!name.startsWith('default.') && !state.find(call, 'cluster-pg', name)) {
      throw forms.cluster.notFound(name)
    }
    return {
      Parameters: [
        {
          ParameterName: 'rds.force_ssl',
          ParameterValue: '1',
          Description: 'Force SSL connections.',
          Source: 'system',
          ApplyType: 'dynamic',
          DataType: 'boolean',
          AllowedValues: '0,1',
          IsModifiable: false,
          ApplyMethod: 'immediate',
          SupportedEngineModes: ['provisioned'],
        },
      ],
    }
  },
}

function nameOf(input: Input, form: Form): string {
  return input[`${form.name}Name`] ?? ''
}

function isUsed(kind: GroupKind, identifier: string, call: Call, state: RdsState): boolean {
  return state.list(call, 'cluster').some((cluster) => {
    return kind === 'subgrp'
      ? cluster.subnetGroup === identifier
      : kind === 'cluster-pg' && cluster.parameterGroup === identifier
  })
}
