/** Subnet groups, cluster parameter groups and parameter groups: made, shown, deleted. Nothing hangs on what is in them. */
import type { Call } from '../../operation.ts'
import { rdsNeed, requestTags } from '../access.ts'
import { type Form, forms, type GroupKind, type GroupOperation, nameOf } from '../group-forms.ts'
import { pageOf } from '../paging.ts'
import { type GroupRecord, rdsArn } from '../records.ts'
import { showSubnetGroup } from '../show.ts'
import type { RdsState } from '../state.ts'
import { addTags } from '../tags.ts'
import { readGroupName } from '../validation.ts'

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

/** Replaces a subnet group's subnets, and its description where one is given. */
export const modifyDBSubnetGroup: GroupOperation = {
  name: 'ModifyDBSubnetGroup',
  access: (input, call, deps) => [
    rdsNeed('ModifyDBSubnetGroup', call, 'subgrp', nameOf(input, forms.subnet).toLowerCase(), deps),
  ],
  async handle(input, call, { state }) {
    const name = nameOf(input, forms.subnet).toLowerCase()
    const { DBSubnetGroupDescription: description, SubnetIds: subnetIds } = input
    const group = await state.change(call, 'subgrp', name, (current) => ({
      ...current,
      ...(subnetIds && { subnetIds }),
      ...(description !== undefined && { description }),
    }))
    if (!group) throw forms.subnet.notFound(name)
    return { DBSubnetGroup: showSubnetGroup(group) }
  },
}

export const createDBClusterParameterGroup = create(forms.cluster)
export const describeDBClusterParameterGroups = describe(forms.cluster)
export const deleteDBClusterParameterGroup = remove(forms.cluster)
export const createDBParameterGroup = create(forms.instance)
export const describeDBParameterGroups = describe(forms.instance)
export const deleteDBParameterGroup = remove(forms.instance)

function isUsed(kind: GroupKind, identifier: string, call: Call, state: RdsState): boolean {
  switch (kind) {
    case 'pg':
      return state.list(call, 'db').some(({ parameterGroup }) => parameterGroup === identifier)
    case 'subgrp':
      return state.list(call, 'cluster').some(({ subnetGroup }) => subnetGroup === identifier)
    case 'cluster-pg':
      return state.list(call, 'cluster').some(({ parameterGroup }) => parameterGroup === identifier)
  }
}
