/** The injection link where EKS Pod Identity gives the role: what the webhook put into the pod for the node's agent. */
import type { Verdict } from '../verdict.ts'
import type { ContainerFacts, PodFacts } from './pod-facts.ts'
import { podIdentityAudience } from './pod-identity-token.ts'

/** An association as far as pods are judged by it. */
export interface AssociationFacts {
  readonly id: string
  readonly roleArn: string
  /** Ms since the epoch. */
  readonly createdAt?: number
}

/** On pods that Fargate runs. */
const fargateLabel = 'eks.amazonaws.com/fargate-profile'

/** True where every container is told of the agent and has a token for it. */
export function asksAgent({ spec }: PodFacts): boolean {
  const containers = spec?.containers ?? []
  return (
    containers.length > 0 &&
    containers.every((container) => {
      const has = (name: string) => container.env?.some((entry) => entry.name === name)
      return (
        has('AWS_CONTAINER_CREDENTIALS_FULL_URI') &&
        has('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') &&
        mountsToken(container, spec)
      )
    })
  )
}

function mountsToken({ volumeMounts = [] }: ContainerFacts, spec: PodFacts['spec']): boolean {
  return (spec?.volumes ?? []).some(
    ({ name, projected }) =>
      volumeMounts.some((mount) => mount.name === name) &&
      projected?.sources?.some((source) => source.serviceAccountToken),
  )
}

/** Judges a pod that asks the agent; `isAgentInstalled` undefined: not known. */
export function judgeAgentInjection(
  pod: PodFacts,
  isAgentInstalled: boolean | undefined,
  cluster = 'CLUSTER',
): Verdict {
  if (pod.metadata.labels?.[fargateLabel] !== undefined) {
    const { namespace = 'default' } = pod.metadata
    const name = pod.spec?.serviceAccountName ?? 'NAME'
    return refuse(
      'the pod runs on Fargate, where there is no Pod Identity agent to ask',
      `use a role by the ServiceAccount's annotation: podpass create iamserviceaccount --cluster ${cluster} --namespace ${namespace} --name ${name} --attach-policy-arn POLICY --approve`,
    )
  }
  if (isAgentInstalled === false) {
    return refuse(
      'the pod asks the Pod Identity agent of its node, which the cluster does not have',
      `aws eks create-addon --cluster-name ${cluster} --addon-name eks-pod-identity-agent`,
    )
  }
  return {
    link: 'injection',
    verdict: 'passed',
    summary: `the webhook added the agent's address and a token for ${podIdentityAudience}`,
    evidence: [],
  }
}

function refuse(summary: string, fix: string): Verdict {
  return { link: 'injection', verdict: 'refused', summary, evidence: [], fix }
}
