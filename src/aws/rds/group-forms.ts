/** Subnet groups and both kinds of parameter groups: how each is called, shown and refused. */
import type { Operation } from '../operation.ts'
import type { RdsDeps } from './deps.ts'
import { refuse } from './errors.ts'
import type { ListRequest } from './paging.ts'
import type { GroupRecord, groupKinds, ParameterSetting } from './records.ts'
import { showSubnetGroup } from './show.ts'
import type { TagList } from './tags.ts'

export type GroupKind = (typeof groupKinds)[number]

/** A parameter as it is set, or named to be set back. */
export interface GivenParameter {
  readonly ParameterName?: string
  readonly ParameterValue?: string
  readonly ApplyMethod?: ParameterSetting['method']
}

/** What the operations on groups may be given. */
export interface GroupInput extends ListRequest {
  readonly DBClusterParameterGroupName?: string
  readonly DBParameterGroupFamily?: string
  readonly DBParameterGroupName?: string
  readonly DBSubnetGroupDescription?: string
  readonly DBSubnetGroupName?: string
  readonly Description?: string
  readonly Parameters?: readonly GivenParameter[]
  readonly ResetAllParameters?: boolean
  readonly Source?: string
  readonly SubnetIds?: readonly string[]
  readonly Tags?: TagList
}

/** How one kind is called, and shown. */
export interface Form {
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

export const forms = {
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

export type GroupOperation = Operation<GroupInput, object, RdsDeps>

/** The group's name as the request gives it. */
export function nameOf(input: GroupInput, form: Form): string {
  return input[`${form.name}Name`] ?? ''
}
