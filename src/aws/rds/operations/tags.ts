/** AddTagsToResource, RemoveTagsFromResource, ListTagsForResource: of everything that has an ARN here. */
import type { Call, Need, Operation } from '../../operation.ts'
import { rdsNeed, requestTags } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { type Named, parseRdsArn } from '../records.ts'
import type { RdsState } from '../state.ts'
import { addTags, showTags, type TagList } from '../tags.ts'

interface Input {
  readonly ResourceName: string
}

export const addTagsToResource: Operation<Input & { Tags: TagList }, object, RdsDeps> = {
  name: 'AddTagsToResource',
  access: (input, call, deps) =>
    needs('AddTagsToResource', input, call, deps, requestTags(input.Tags)),
  async handle({ ResourceName, Tags }, call, { state }) {
    const { kind, identifier } = find(ResourceName, call, state)
    await state.change(call, kind, identifier, (current) => ({
      ...current,
      tags: addTags(current.tags, Tags),
    }))
    return {}
  },
}

export const removeTagsFromResource: Operation<
  Input & { TagKeys: readonly string[] },
  object,
  RdsDeps
> = {
  name: 'RemoveTagsFromResource',
  access: (input, call, deps) =>
    needs('RemoveTagsFromResource', input, call, deps, { 'aws:TagKeys': input.TagKeys }),
  async handle({ ResourceName, TagKeys }, call, { state }) {
    const { kind, identifier } = find(ResourceName, call, state)
    const gone = new Set(TagKeys)
    await state.change(call, kind, identifier, (current) => ({
      ...current,
      tags: Object.fromEntries(Object.entries(current.tags).filter(([key]) => !gone.has(key))),
    }))
    return {}
  },
}

export const listTagsForResource: Operation<Input, object, RdsDeps> = {
  name: 'ListTagsForResource',
  access: (input, call, deps) => needs('ListTagsForResource', input, call, deps),
  handle({ ResourceName }, call, { state }) {
    const { kind, identifier } = find(ResourceName, call, state)
    return { TagList: showTags(state.find(call, kind, identifier)?.tags ?? {}) }
  },
}

function needs(
  action: string,
  { ResourceName }: Input,
  call: Call,
  deps: RdsDeps,
  context: Readonly<Record<string, string | readonly string[]>> = {},
): Need[] {
  const { kind, identifier } = readName(ResourceName, call)
  return [rdsNeed(action, call, kind, identifier, deps, context)]
}

function find(arn: string, call: Call, state: RdsState): Named {
  const named = readName(arn, call)
  const { kind, identifier: name } = named
  if (state.find(call, kind, name)) return named
  if (kind === 'cluster') throw refuse.DBClusterNotFoundFault({ name })
  if (kind === 'db') throw refuse.DBInstanceNotFound({ name })
  if (kind === 'subgrp') throw refuse.DBSubnetGroupNotFoundFault({ name })
  const type = kind === 'pg' ? 'DBParameterGroup' : 'DBClusterParameterGroup'
  throw refuse.DBParameterGroupNotFound({ name, type })
}

/** Only what is in the request's own account and region can be named. */
function readName(arn: string, call: Call): Named {
  const named = parseRdsArn(arn)
  if (named && named.account === call.account && named.region === call.region) return named
  throw refuse.InvalidParameterValue({ text: `Invalid resource name: ${arn.slice(0, 300)}` })
}
