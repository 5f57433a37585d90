/** AssumeRoleForPodIdentity: trades a pod's token for a session of the role associated with its ServiceAccount. */
import { randomUUID } from 'node:crypto'
import type { PodSubject } from '../../../audit/audit-log.ts'
import { podIdentityAudience } from '../../../chain/links/pod-identity-token.ts'
import {
  judgePodIdentity,
  judgePodToken,
  type PodIdentityCluster,
  type PodIdentityJudgement,
} from '../../../chain/pod-identity.ts'
import { assumedRoleArn } from '../../../kernel/arn.ts'
import type { RoleFacts } from '../../identities.ts'
import type { Call, Operation } from '../../operation.ts'
import type { EksAuthDeps } from '../deps.ts'
import { noCluster, refusalFor } from '../errors.ts'

interface Input {
  readonly clusterName: string
  readonly token: string
}

interface Output {
  readonly subject: { readonly namespace: string; readonly serviceAccount: string }
  readonly audience: string
  readonly podIdentityAssociation: {
    readonly associationArn: string
    readonly associationId: string
  }
  readonly assumedRoleUser: { readonly arn: string; readonly assumeRoleId: string }
  readonly credentials: {
    readonly sessionToken: string
    readonly secretAccessKey: string
    readonly accessKeyId: string
    readonly expiration: Date
  }
}

const sessionMs = 6 * 60 * 60 * 1000
/** A role that is assumed with another's session lives no longer, whoever asks. */
const chainedSessionMs = 60 * 60 * 1000

export const assumeRoleForPodIdentity: Operation<Input, Output, EksAuthDeps> = {
  name: 'AssumeRoleForPodIdentity',
  access(input, call, deps) {
    const arn = arnOf(input, call)
    const cluster = deps.cluster(arn)
    if (cluster) {
      // A node that may not ask is refused in the name of the pod that it asked for.
      const attested = judgePodToken({ ...input, cluster, at: call.at }, () => deps.keys(arn))
      if (attested.pod) call.note([], subjectOf(attested.pod, cluster))
    }
    return [{ action: 'eks-auth:AssumeRoleForPodIdentity', resource: arn }]
  },
  handle(input, call, deps) {
    const arn = arnOf(input, call)
    const cluster = deps.cluster(arn)
    if (!cluster) throw noCluster(input.clusterName)
    const uuid = randomUUID()
    const judgement = judgePodIdentity<RoleFacts>(
      {
        token: input.token,
        cluster,
        at: call.at,
        sessionName: (pod) => sessionName(cluster.name, pod, uuid),
      },
      {
        keys: () => deps.keys(arn),
        association: (...of) => deps.association(arn, ...of),
        role: (role) => deps.identities.role(role),
        evaluate: deps.evaluate,
      },
    )
    const pod = judgement.pod && subjectOf(judgement.pod, cluster)
    call.note(judgement.links, pod)
    if (judgement.kind === 'refused') throw refusalFor(judgement.fault)
    return open(judgement, sessionName(cluster.name, judgement.pod.pod, uuid), pod, call, deps)
  },
}

function arnOf({ clusterName }: Input, { region, account }: Call): string {
  return `arn:aws:eks:${region}:${account}:cluster/${clusterName}`
}

function subjectOf(
  {
    namespace,
    serviceAccount,
    pod,
    podUid,
  }: {
    readonly namespace: string
    readonly serviceAccount: string
    readonly pod: string
    readonly podUid: string
  },
  cluster: PodIdentityCluster,
): PodSubject {
  return { cluster: cluster.name, namespace, pod, podUid, serviceAccount }
}

type Trusted = Extract<PodIdentityJudgement<RoleFacts>, { kind: 'trusted' }>

function open(
  judgement: Trusted,
  name: string,
  subject: PodSubject | undefined,
  call: Call,
  { sessions, identities }: EksAuthDeps,
): Output {
  const { association, target, tags, pod } = judgement
  const { policy } = association
  const role = target ?? judgement.role
  const keys = Object.keys(tags)
  const credentials = sessions.issue({
    account: role.account,
    roleArn: role.arn,
    roleId: role.id,
    roleName: role.name,
    sessionName: name,
    issuedAt: call.at,
    expiresAt: call.at + (target ? chainedSessionMs : sessionMs),
    ...(policy === undefined ? {} : { sessionPolicy: policy }),
    ...(keys.length > 0 ? { tags, transitiveTagKeys: keys } : {}),
    ...(target ? { chained: true } : {}),
    ...(subject ? { pod: subject } : {}),
    podIdentity: association.id,
  })
  for (const { arn } of [judgement.role, ...(target ? [target] : [])]) {
    identities.used({ roleArn: arn, service: 'eks-auth', region: call.region, at: call.at })
  }
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const expiration = new Date(Math.floor(credentials.expiration / 1000) * 1000)
  const output = {
    subject: { namespace: pod.namespace, serviceAccount: pod.serviceAccount },
    audience: podIdentityAudience,
    podIdentityAssociation: { associationArn: association.arn, associationId: association.id },
    assumedRoleUser: {
      arn: assumedRoleArn(role.account, role.name, name),
      assumeRoleId: `${role.id}:${name}`,
    },
  }
  call.note([], subject, {
    resources: [{ arn: role.arn, type: 'AWS::IAM::Role' }],
    responseElements: {
      ...output,
      credentials: { accessKeyId, expiration: expiration.toISOString() },
    },
  })
  return { ...output, credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } }
}

/** `eks-<cluster>-<pod>-<uuid>`, cluster and pod cut so that all of it has at most 64 letters. */
function sessionName(cluster: string, pod: string, uuid: string): string {
  const part = (text: string) => text.slice(0, 10)
  return `eks-${part(cluster)}-${part(pod)}-${uuid}`
}
