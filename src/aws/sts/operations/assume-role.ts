/** AssumeRole: trades the caller's credentials for a session of a role that trusts the caller. */
import type { AssumeRoleRequest as Input, AssumeRoleResponse as Output } from '@aws-sdk/client-sts'
import { iamTagKeys } from '../../../chain/links/trust.ts'
import { assumedRoleArn } from '../../../kernel/arn.ts'
import { isoMillis } from '../../../kernel/iso-time.ts'
import type { Caller } from '../../caller.ts'
import type { Call, ConditionContext, Need, Operation } from '../../operation.ts'
import type { StsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { provesMfa, usesMfa } from '../mfa.ts'
import {
  otherPrincipalAccount,
  packedPolicySize,
  roleAccount,
  sessionPolicies,
  sessionSeconds,
  sessionTags,
} from '../session-request.ts'
import { wireCredentials } from '../wire-credentials.ts'

/** A role that does not exist trusts nobody: the caller cannot tell the two apart. */
const trustsNobody = JSON.stringify({ Version: '2012-10-17', Statement: [] })

export const assumeRole: Operation<Input, Output, StsDeps> = {
  name: 'AssumeRole',
  access(input, call, deps) {
    const { RoleArn = '' } = input
    const account = roleAccount(RoleArn) ?? otherPrincipalAccount(RoleArn)
    if (account === undefined) {
      throw refuse.ValidationError({ text: `${RoleArn.slice(0, 256)} is invalid` })
    }
    refuseCaller(call.caller, RoleArn)
    const role = deps.identities.role(RoleArn)
    const withMfa = provesMfa(input, call, deps)
    const inherited = inheritedTags(call.caller)
    const tags = { ...sessionTags(input.Tags), ...inherited }
    const sourceIdentity = input.SourceIdentity ?? ownSourceIdentity(call.caller)
    const need = (action: string): Need => ({
      action,
      resource: role?.arn ?? RoleArn,
      resourceAccount: account,
      resourcePolicy: role?.trustPolicy ?? trustsNobody,
      isTrustPolicy: true,
      context: {
        ...iamTagKeys(role?.tags),
        ...context(input, tags, sourceIdentity),
        ...(withMfa && mfaNow),
      },
    })
    return [
      need('sts:AssumeRole'),
      ...(Object.keys(tags).length > 0 ? [need('sts:TagSession')] : []),
      ...(sourceIdentity === undefined ? [] : [need('sts:SetSourceIdentity')]),
      ...(input.ProvidedContexts?.length ? [need('sts:SetContext')] : []),
    ]
  },
  async handle(input, call, deps) {
    const { identities, sessions } = deps
    const { RoleArn = '', RoleSessionName = '' } = input
    const { caller } = call
    const role = identities.role(RoleArn)
    if (!role) throw refuse.AccessDenied({ text: 'Access denied' })
    if (input.ProvidedContexts?.length) {
      const text =
        'The provided context assertion is invalid: no IAM Identity Center has issued it.'
      throw refuse.ValidationError({ text })
    }
    const chained = caller.kind === 'session'
    const seconds = sessionSeconds({
      requested: input.DurationSeconds,
      roleMax: role.maxSessionDuration,
      chained,
    })
    const own = sessionTags(input.Tags)
    const inherited = inheritedTags(caller)
    refuseConflicts(own, inherited)
    const tags = { ...own, ...inherited }
    const transitive = [...new Set([...Object.keys(inherited), ...(input.TransitiveTagKeys ?? [])])]
    if (!transitive.every((key) => Object.hasOwn(tags, key))) {
      throw refuse.InvalidParameterValue({
        text: 'The specified transitive tag key must be included in the requested tags.',
      })
    }
    const sourceIdentity = sourceIdentityOf(input, caller)
    const policies = sessionPolicies(input, role.account, identities)
    const packed = packedPolicySize(policies, tags)
    const withMfa = await usesMfa(input, call, deps)
    const credentials = sessions.issue({
      account: role.account,
      roleArn: role.arn,
      roleId: role.id,
      roleName: role.name,
      sessionName: RoleSessionName,
      issuedAt: call.at,
      expiresAt: call.at + seconds * 1000,
      ...policies,
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
      ...(transitive.length > 0 ? { transitiveTagKeys: transitive } : {}),
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
      ...(chained ? { chained } : {}),
      ...(withMfa && { mfaAt: call.at }),
      ...(chained && caller.session.pod ? { pod: caller.session.pod } : {}),
    })
    identities.used({ roleArn: role.arn, service: 'sts', region: call.region, at: call.at })
    const arn = assumedRoleArn(role.account, role.name, RoleSessionName)
    const assumedRoleId = `${role.id}:${RoleSessionName}`
    note(call, role.arn, credentials, arn, assumedRoleId)
    return {
      Credentials: wireCredentials(credentials),
      AssumedRoleUser: { AssumedRoleId: assumedRoleId, Arn: arn },
      ...(packed === undefined ? {} : { PackedPolicySize: packed }),
      ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
    }
  },
}

/** Whom no policy can help: root, and federated users, who may ask STS for nothing but their identity. */
function refuseCaller(caller: Caller, roleArn: string): void {
  if (caller.kind === 'root') {
    throw refuse.AccessDenied({ text: 'Roles may not be assumed by root accounts.' })
  }
  if (caller.kind !== 'user' || caller.temporary?.federatedName === undefined) return
  throw refuse.AccessDenied({
    text: `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
  })
}

/** For the decision on the request that brings the code. */
const mfaNow = { 'aws:MultiFactorAuthPresent': 'true', 'aws:MultiFactorAuthAge': '0' }

function note(
  call: Call,
  roleArn: string,
  credentials: { accessKeyId: string; expiration: number },
  arn: string,
  assumedRoleId: string,
): void {
  const { accessKeyId, expiration } = credentials
  call.note([], undefined, {
    resources: [{ arn: roleArn, type: 'AWS::IAM::Role' }],
    responseElements: {
      credentials: { accessKeyId, expiration: isoMillis(expiration) },
      assumedRoleUser: { arn, assumedRoleId },
    },
  })
}

function context(
  input: Input,
  tags: Readonly<Record<string, string>>,
  sourceIdentity: string | undefined,
): ConditionContext {
  const keys = Object.keys(tags)
  return {
    'sts:RoleSessionName': input.RoleSessionName ?? '',
    ...(input.ExternalId === undefined ? {} : { 'sts:ExternalId': input.ExternalId }),
    ...(sourceIdentity === undefined ? {} : { 'sts:SourceIdentity': sourceIdentity }),
    ...Object.fromEntries(keys.map((key) => [`aws:RequestTag/${key}`, tags[key] ?? ''])),
    ...(keys.length > 0 ? { 'aws:TagKeys': keys } : {}),
    ...(input.TransitiveTagKeys?.length
      ? { 'sts:TransitiveTagKeys': input.TransitiveTagKeys }
      : {}),
  }
}

/** The tags that travel along when a session assumes the next role. */
function inheritedTags(caller: Caller): Readonly<Record<string, string>> {
  if (caller.kind !== 'session') return {}
  const { tags = {}, transitiveTagKeys = [] } = caller.session
  return Object.fromEntries(transitiveTagKeys.map((key) => [key, tags[key] ?? '']))
}

function refuseConflicts(
  own: Readonly<Record<string, string>>,
  inherited: Readonly<Record<string, string>>,
): void {
  const taken = new Set(Object.keys(inherited).map((key) => key.toLowerCase()))
  if (!Object.keys(own).some((key) => taken.has(key.toLowerCase()))) return
  throw refuse.InvalidParameterValue({
    text: "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
  })
}

function ownSourceIdentity(caller: Caller): string | undefined {
  return caller.kind === 'session' ? caller.session.sourceIdentity : undefined
}

/** Once set, a source identity stays with every session that follows. */
function sourceIdentityOf(input: Input, caller: Caller): string | undefined {
  const own = ownSourceIdentity(caller)
  if (own !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== own) {
    throw refuse.AccessDenied({
      text: 'The source identity of the calling session cannot be changed.',
    })
  }
  return input.SourceIdentity ?? own
}
