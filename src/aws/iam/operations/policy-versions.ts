/** The versions of managed policies: create, get, list, delete, set the default. */
import type {
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse,
  DeletePolicyVersionRequest,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  PolicyVersion,
  SetDefaultPolicyVersionRequest,
} from '@aws-sdk/client-iam'
import type { Operation } from '../../operation.ts'
import { onPolicy } from '../access.ts'
import { dateOf, type IamDeps, secondsOf, type Valid } from '../deps.ts'
import { checkDocument, encodeDocument } from '../documents.ts'
import { refuse } from '../errors.ts'
import { findManaged, ownPolicyName } from '../find.ts'
import { pageOfList } from '../paging.ts'
import type { PolicyRecord, PolicyVersionRecord } from '../records.ts'

/** Adds a version; its number is one that was never used. */
export const createPolicyVersion: Operation<
  Valid<CreatePolicyVersionRequest>,
  CreatePolicyVersionResponse,
  IamDeps
> = {
  name: 'CreatePolicyVersion',
  access: onPolicy('iam:CreatePolicyVersion'),
  async handle(input, { account, at }, deps) {
    const name = ownPolicyName(deps, account, input.PolicyArn)
    checkDocument(deps, input.PolicyDocument, 'managed')
    const limit = deps.quotas.versionsPerPolicy
    const now = secondsOf(at)
    const changed = await deps.writer.change(account, 'policy', name, (found) => {
      const policy = present(found, input.PolicyArn)
      if (policy.versions.length >= limit) {
        const message = `A managed policy can have up to ${limit} versions. Before you create a new version, you must delete an existing version.`
        throw refuse.LimitExceeded({}, { message })
      }
      const id = `v${policy.nextVersion}`
      return {
        record: {
          ...policy,
          updatedAt: now,
          versions: [...policy.versions, { id, document: input.PolicyDocument, createdAt: now }],
          nextVersion: policy.nextVersion + 1,
          ...(input.SetAsDefault && { defaultVersion: id }),
        },
      }
    })
    const policy = present(changed, input.PolicyArn)
    return { PolicyVersion: showVersion(policy, version(policy, input.PolicyArn, newest(policy))) }
  },
}

export const getPolicyVersion: Operation<
  Valid<GetPolicyVersionRequest>,
  GetPolicyVersionResponse,
  IamDeps
> = {
  name: 'GetPolicyVersion',
  access: onPolicy('iam:GetPolicyVersion'),
  handle({ PolicyArn, VersionId }, { account }, deps) {
    const policy = findManaged(deps, account, PolicyArn, noVersion(PolicyArn, VersionId))
    const found = version(policy, PolicyArn, VersionId)
    return {
      PolicyVersion: { Document: encodeDocument(found.document), ...showVersion(policy, found) },
    }
  },
}

/** Newest first. */
export const listPolicyVersions: Operation<
  Valid<ListPolicyVersionsRequest>,
  ListPolicyVersionsResponse,
  IamDeps
> = {
  name: 'ListPolicyVersions',
  access: onPolicy('iam:ListPolicyVersions'),
  handle(input, { account }, deps) {
    const policy = findManaged(deps, account, input.PolicyArn)
    const order = ({ id }: PolicyVersionRecord) => String(1e9 - Number(id.slice(1)))
    const { items, page } = pageOfList(policy.versions, order, input)
    return { Versions: items.map((item) => showVersion(policy, item)), ...page }
  },
}

export const deletePolicyVersion: Operation<Valid<DeletePolicyVersionRequest>, void, IamDeps> = {
  name: 'DeletePolicyVersion',
  access: onPolicy('iam:DeletePolicyVersion'),
  async handle({ PolicyArn, VersionId }, { account }, deps) {
    const name = ownPolicyName(deps, account, PolicyArn, noVersion(PolicyArn, VersionId))
    await deps.writer.change(account, 'policy', name, (found) => {
      const policy = present(found, PolicyArn)
      const { id } = version(policy, PolicyArn, VersionId)
      if (id === policy.defaultVersion) {
        throw refuse.DeleteConflict(
          {},
          { message: 'Cannot delete the default version of a policy.' },
        )
      }
      return { record: { ...policy, versions: policy.versions.filter((old) => old.id !== id) } }
    })
  },
}

/** From the next request on, this version decides. */
export const setDefaultPolicyVersion: Operation<
  Valid<SetDefaultPolicyVersionRequest>,
  void,
  IamDeps
> = {
  name: 'SetDefaultPolicyVersion',
  access: onPolicy('iam:SetDefaultPolicyVersion'),
  async handle({ PolicyArn, VersionId }, { account, at }, deps) {
    const name = ownPolicyName(deps, account, PolicyArn, noVersion(PolicyArn, VersionId))
    await deps.writer.change(account, 'policy', name, (found) => {
      const policy = present(found, PolicyArn)
      const { id } = version(policy, PolicyArn, VersionId)
      return { record: { ...policy, defaultVersion: id, updatedAt: secondsOf(at) } }
    })
  },
}

function present(policy: PolicyRecord | undefined, arn: string): PolicyRecord {
  if (!policy) throw refuse.NoSuchEntity({}, { message: `Policy ${arn} was not found.` })
  return policy
}

function version(policy: PolicyRecord, arn: string, id: string): PolicyVersionRecord {
  const found = policy.versions.find((each) => each.id === id)
  if (!found) throw refuse.NoSuchEntity({}, { message: noVersion(arn, id) })
  return found
}

function noVersion(arn: string, id: string): string {
  return `Policy ${arn} version ${id} does not exist or is not attachable.`
}

function newest(policy: PolicyRecord): string {
  return policy.versions.at(-1)?.id ?? ''
}

function showVersion(policy: PolicyRecord, { id, createdAt }: PolicyVersionRecord): PolicyVersion {
  return {
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersion,
    CreateDate: dateOf(createdAt),
  }
}
