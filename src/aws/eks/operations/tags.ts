/** TagResource, UntagResource and ListTagsForResource: of clusters and all that belongs to them. */
import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from '@aws-sdk/client-eks'
import type { Call, Need, Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { requestTags, resourceTags } from '../access.ts'
import { badTagRequest, tagTargetNotFound } from '../errors.ts'
import { associationKey } from '../pod-identity.ts'
import { type ClusterKey, type PartKind, parseClusterArn, type Tags } from '../records.ts'
import type { EksState } from '../state.ts'
import { checkTags } from '../validation.ts'

interface Deps {
  readonly state: EksState
}

/** Something that bears tags, and how they are changed. */
interface Tagged {
  readonly tags: Tags
  change(to: (tags: Tags) => Tags): Promise<unknown>
}

const tagsMax = 50

/** Adds tags, or changes their values. */
export const tagResource: Operation<Checked<TagResourceRequest>, TagResourceResponse, Deps> = {
  name: 'TagResource',
  access: (input, call, deps) => [
    tagNeed('TagResource', input.resourceArn, call, deps, requestTags(input.tags)),
  ],
  async handle({ resourceArn, tags }, call, { state }) {
    const added = checkTags(tags)
    const target = targetOf(resourceArn, call, state)
    if (Object.keys({ ...target.tags, ...added }).length > tagsMax) {
      throw badTagRequest(`A resource can have at most ${tagsMax} tags.`)
    }
    await target.change((current) => ({ ...current, ...added }))
    return {}
  },
}

/** Takes tags away; keys that are not there are no error. */
export const untagResource: Operation<
  Checked<UntagResourceRequest>,
  UntagResourceResponse,
  Deps
> = {
  name: 'UntagResource',
  access: (input, call, deps) => [
    tagNeed('UntagResource', input.resourceArn, call, deps, { 'aws:TagKeys': input.tagKeys }),
  ],
  async handle({ resourceArn, tagKeys }, call, { state }) {
    const gone = new Set(tagKeys)
    await targetOf(resourceArn, call, state).change((current) =>
      Object.fromEntries(Object.entries(current).filter(([key]) => !gone.has(key))),
    )
    return {}
  },
}

/** The tags of a resource. */
export const listTagsForResource: Operation<
  Checked<ListTagsForResourceRequest>,
  ListTagsForResourceResponse,
  Deps
> = {
  name: 'ListTagsForResource',
  access: (input, call, deps) => [tagNeed('ListTagsForResource', input.resourceArn, call, deps)],
  handle: ({ resourceArn }, call, { state }) => ({
    tags: { ...targetOf(resourceArn, call, state).tags },
  }),
}

function tagNeed(
  action: string,
  resource: string,
  call: Call,
  { state }: Deps,
  context: Readonly<Record<string, string | readonly string[]>> = {},
): Need {
  const tags = find(resource, call, state)?.tags
  return { action: `eks:${action}`, resource, context: { ...resourceTags(tags), ...context } }
}

function targetOf(arn: string, call: Call, state: EksState): Tagged {
  const found = find(arn, call, state)
  if (!found) throw tagTargetNotFound(`The resource ${arn.slice(0, 300)} could not be found.`)
  return found
}

function find(arn: string, call: Call, state: EksState): Tagged | undefined {
  const key = parseClusterArn(arn)
  if (key) {
    const cluster = key.account === call.account ? state.findCluster(key) : undefined
    return (
      cluster && {
        tags: cluster.tags,
        change: (to) => state.changeCluster(key, (c) => ({ ...c, tags: to(c.tags) })),
      }
    )
  }
  const match = /^arn:aws:eks:([^:]+):(\d{12}):([a-z-]+)\/([^/]+)\/(.+)$/.exec(arn)
  const [, region = '', account = '', type = '', name = ''] = match ?? []
  const kind = Object.hasOwn(taggedKinds, type) ? taggedKinds[type] : undefined
  if (account !== call.account || !kind) return undefined
  return findPart({ account, region, name }, kind, arn, state)
}

type TaggedKind = Exclude<PartKind, 'update'>

/** What stands in an ARN for each kind that bears tags. */
const taggedKinds: Readonly<Record<string, TaggedKind>> = {
  nodegroup: 'nodegroup',
  'access-entry': 'access-entry',
  addon: 'addon',
  fargateprofile: 'fargate-profile',
  podidentityassociation: 'pod-identity',
}

function findPart(
  key: ClusterKey,
  kind: TaggedKind,
  arn: string,
  state: EksState,
): Tagged | undefined {
  const part = state.list(key, kind).find((candidate) => candidate.arn === arn)
  if (!part) return undefined
  const name =
    'principalArn' in part
      ? part.principalArn
      : 'namespace' in part
        ? associationKey(part.namespace, part.serviceAccount)
        : part.name
  return {
    tags: part.tags,
    change: (to) => state.change(key, kind, name, (p) => ({ ...p, tags: to(p.tags) })),
  }
}
