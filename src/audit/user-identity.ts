/** CloudTrail's `userIdentity` of a caller. */
import type { Caller, SessionFacts, TemporaryFacts } from '../aws/caller.ts'
import { isoSeconds } from '../kernel/iso-time.ts'

/** As CloudTrail writes it; of a web-identity session with `webIdFederationData`. */
export function userIdentity(
  caller: Caller,
  accessKeyId?: string,
): Readonly<Record<string, unknown>> {
  switch (caller.kind) {
    case 'anonymous':
      return {
        type: 'AWSAccount',
        principalId: '',
        accountId: 'ANONYMOUS_PRINCIPAL',
        ...(accessKeyId === undefined ? {} : { accessKeyId }),
      }
    case 'root':
      return {
        type: 'Root',
        principalId: caller.account,
        ...named(caller),
        ...temporaryContext(caller.temporary),
      }
    case 'user':
      return {
        type: caller.temporary?.federatedName === undefined ? 'IAMUser' : 'FederatedUser',
        principalId: caller.userId,
        ...named(caller),
        userName: caller.temporary?.federatedName ?? caller.userName,
        ...temporaryContext(caller.temporary),
      }
    case 'session':
      return {
        type: 'AssumedRole',
        principalId: caller.userId,
        ...named(caller),
        sessionContext: roleContext(caller.session),
      }
  }
}

/** The identity in the event of an AssumeRoleWithWebIdentity call itself: the token's holder. */
export function webIdentityUser(facts: {
  providerArn: string
  audience: string
  subject: string
}): Readonly<Record<string, unknown>> {
  return {
    type: 'WebIdentityUser',
    principalId: `${facts.providerArn}:${facts.audience}:${facts.subject}`,
    userName: facts.subject,
    identityProvider: facts.providerArn,
  }
}

function named(caller: { arn: string; account: string; accessKeyId: string }) {
  return { arn: caller.arn, accountId: caller.account, accessKeyId: caller.accessKeyId }
}

function roleContext(session: SessionFacts): Readonly<Record<string, unknown>> {
  const { webIdentity, sourceIdentity, roleDelivery } = session
  return {
    sessionIssuer: {
      type: 'Role',
      principalId: session.roleId,
      arn: session.roleArn,
      accountId: session.account,
      userName: session.roleName,
    },
    ...(webIdentity
      ? { webIdFederationData: { federatedProvider: webIdentity.providerArn, attributes: {} } }
      : {}),
    attributes: attributes(session),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(roleDelivery === undefined ? {} : { ec2RoleDelivery: roleDelivery }),
  }
}

function temporaryContext(temporary: TemporaryFacts | undefined) {
  return temporary ? { sessionContext: { attributes: attributes(temporary) } } : {}
}

function attributes({
  issuedAt,
  mfaAt,
}: SessionFacts | TemporaryFacts): Readonly<Record<string, string>> {
  const creationDate = isoSeconds(issuedAt)
  return { creationDate, mfaAuthenticated: String(mfaAt !== undefined) }
}
