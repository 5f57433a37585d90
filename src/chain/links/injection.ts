/** The injection link: did the webhook give the pod its role and its token? */
import type { Verdict } from '../verdict.ts'
import { type AssociationFacts, asksAgent, judgeAgentInjection } from './agent-injection.ts'
import type { ContainerFacts, PodFacts } from './pod-facts.ts'
import { duration } from './wording.ts'

/** The API server leaves pods with this label (any value) alone. */
export const skipLabel = 'eks.amazonaws.com/skip-pod-identity-webhook'

export interface InjectionFacts {
  readonly pod: PodFacts
  /** The role that the ServiceAccount names now; undefined: none. */
  readonly roleArn: string | undefined
  /** True where the cluster has a pod identity webhook registered. */
  readonly webhookRegistered: boolean
  /** When the ServiceAccount got its annotation, where that is known: ms since the epoch. */
  readonly annotatedAt?: number | undefined
  /** The EKS Pod Identity association, which then names the role: the webhook heeds it before the annotation. */
  readonly association?: AssociationFacts | undefined
  /** Where it is known. */
  readonly isAgentInstalled?: boolean | undefined
  readonly cluster?: string
}

/** Credentials that SDKs take before a web identity. */
const staticKeys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

/** Passed when every container has the role and a token to mount; refused with the reason why not. */
export function judgeInjection(facts: InjectionFacts): Verdict {
  const { pod, roleArn } = facts
  const containers = pod.spec?.containers ?? []
  const injected = containers.map((container) => injectionOf(container, pod))
  if (containers.length > 0 && injected.every(({ whole }) => whole)) {
    // SDKs take the web identity also where there is an agent to ask, so the annotation's role is what counts.
    const { role } = injected[0] ?? { role: '' }
    const named = facts.association ? { ...facts, roleArn: role } : facts
    return judgeInjected(named, containers, role)
  }
  if (asksAgent(pod)) {
    const verdict = judgeAgentInjection(pod, facts.isAgentInstalled, facts.cluster)
    return ownKeys(pod, containers) ?? verdict
  }
  if (roleArn === undefined) {
    return {
      link: 'injection',
      verdict: 'not-applicable',
      summary: 'nothing to inject, since no role is named',
      evidence: [],
    }
  }
  return explainMissing(facts, roleArn, containers[injected.findIndex(({ whole }) => !whole)])
}

function injectionOf(container: ContainerFacts, pod: PodFacts): { whole: boolean; role: string } {
  const role = envOf(container, 'AWS_ROLE_ARN')
  const file = envOf(container, 'AWS_WEB_IDENTITY_TOKEN_FILE')
  const folder = file
    ?.replace(/^[A-Za-z]:/, '')
    .replaceAll('\\', '/')
    .replace(/\/[^/]*$/, '')
  const mount = container.volumeMounts?.find(
    ({ mountPath }) => mountPath?.replace(/\/+$/, '') === folder,
  )
  const volume = pod.spec?.volumes?.find(({ name }) => name === mount?.name)
  const token = volume?.projected?.sources?.some((source) => source.serviceAccountToken)
  return { whole: role !== undefined && token === true, role: role ?? '' }
}

function judgeInjected(
  { pod, roleArn }: InjectionFacts,
  containers: readonly ContainerFacts[],
  given: string,
): Verdict {
  const overridden = ownKeys(pod, containers)
  if (overridden) return overridden
  if (roleArn !== undefined && given !== roleArn) {
    return refuse(
      'the pod has the role that its ServiceAccount named when the pod was made, not the one of now',
      [{ key: 'AWS_ROLE_ARN', wanted: roleArn, actual: given, source: 'pod' }],
      restart(pod),
    )
  }
  return {
    link: 'injection',
    verdict: 'passed',
    summary: 'the webhook added AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the token volume',
    evidence: [{ key: 'AWS_ROLE_ARN', actual: given, source: 'pod' }],
  }
}

/** A container that brings keys of its own does not use the role. */
function ownKeys(pod: PodFacts, containers: readonly ContainerFacts[]): Verdict | undefined {
  const found = containers.find((container) =>
    staticKeys.some((name) => container.env?.some((entry) => entry.name === name)),
  )
  if (!found) return undefined
  return refuse(
    `container ${found.name} sets AWS_ACCESS_KEY_ID itself, which SDKs take before the role`,
    [{ key: 'env', actual: staticKeys.join(', '), source: `container ${found.name}` }],
    `take the keys out of the container's environment, then ${restart(pod)}`,
  )
}

function explainMissing(
  { pod, webhookRegistered, annotatedAt, association }: InjectionFacts,
  roleArn: string,
  container: ContainerFacts | undefined,
): Verdict {
  const { labels = {}, annotations = {}, creationTimestamp, namespace = 'default' } = pod.metadata
  if (Object.hasOwn(labels, skipLabel)) {
    return refuse(
      `the pod asks to be left alone, by the label \`${skipLabel}\``,
      [{ key: 'label', actual: skipLabel, source: 'pod' }],
      'take the label out of the pod template',
    )
  }
  if (!webhookRegistered) {
    return refuse('the cluster has no pod identity webhook', [], 'install the webhook')
  }
  const madeAt = creationTimestamp === undefined ? undefined : Date.parse(creationTimestamp)
  const since = association ? association.createdAt : annotatedAt
  if (madeAt !== undefined && since !== undefined && madeAt < since) {
    const earlier = duration((since - madeAt) / 1000)
    const what = association ? 'association' : 'annotation'
    return refuse(
      `this pod was made ${earlier} before the ${what}, so it runs without the role`,
      [],
      restart(pod),
    )
  }
  const skipped = annotations['eks.amazonaws.com/skip-containers']
  if (container?.name !== undefined && skipped?.split(',').includes(container.name)) {
    return refuse(
      `the pod's annotation leaves the container ${container.name} out`,
      [{ key: 'skip-containers', actual: skipped, source: 'pod' }],
      'take the container out of the annotation',
    )
  }
  const own = container && envOf(container, 'AWS_ROLE_ARN')
  if (own !== undefined && own !== roleArn) {
    return refuse(
      `container ${container?.name} sets AWS_ROLE_ARN itself, so the webhook left it alone`,
      [{ key: 'AWS_ROLE_ARN', wanted: roleArn, actual: own, source: 'pod' }],
      `take AWS_ROLE_ARN out of the container's environment in namespace ${namespace}`,
    )
  }
  return refuse(
    'the webhook changed nothing in this pod: it did not answer when the pod was made',
    [
      {
        key: 'env',
        wanted: association
          ? 'AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'
          : 'AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE',
        source: 'pod',
      },
    ],
    restart(pod),
  )
}

/** The command that makes a pod anew: through its Deployment where it has one. */
function restart({ metadata }: PodFacts): string {
  const { name = 'POD', namespace = 'default', ownerReferences = [] } = metadata
  const owner = ownerReferences[0]
  if (owner?.kind === 'ReplicaSet') {
    return `kubectl -n ${namespace} rollout restart deployment/${owner.name.replace(/-[^-]+$/, '')}`
  }
  if (owner && ['DaemonSet', 'StatefulSet'].includes(owner.kind)) {
    return `kubectl -n ${namespace} rollout restart ${owner.kind.toLowerCase()}/${owner.name}`
  }
  return `kubectl -n ${namespace} delete pod ${name}, then create it again`
}

function envOf(container: ContainerFacts, name: string): string | undefined {
  return container.env?.find((entry) => entry.name === name)?.value
}

function refuse(summary: string, evidence: Verdict['evidence'], fix: string): Verdict {
  return { link: 'injection', verdict: 'refused', summary, evidence, fix }
}
