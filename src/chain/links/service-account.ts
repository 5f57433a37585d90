/** The ServiceAccount link: does the pod's ServiceAccount name a role? */
import type { Verdict } from '../verdict.ts'
import type { AssociationFacts } from './agent-injection.ts'
import type { ServiceAccountFacts } from './pod-facts.ts'
import { findRole, roleMappingMap } from './role-mapping.ts'

export interface ServiceAccountLinkFacts {
  readonly namespace: string
  /** The pod's `serviceAccountName`. */
  readonly name: string
  /** Undefined: there is none of that name. */
  readonly serviceAccount: ServiceAccountFacts | undefined
  readonly annotationPrefix?: string
  /** The text of the ConfigMap that gives roles to ServiceAccounts, which counts after the annotation. */
  readonly roleMapping?: string | undefined
  /** The EKS Pod Identity association, which counts before any annotation. */
  readonly association?: AssociationFacts | undefined
  /** True of a pod that the webhook sent to its node's agent: it had an association when it was made. */
  readonly asksAgent?: boolean
  /** The role that the pod spoke as, where that is not its node's: kube2iam or kiam gave it, or it is of before. */
  readonly otherRole?: string | undefined
  /** For the fix. */
  readonly cluster?: string
}

/** Passed with the role that is named; refused where there is none, or none that can be one. */
export function judgeServiceAccount(facts: ServiceAccountLinkFacts): {
  readonly verdict: Verdict
  readonly roleArn?: string
} {
  const { namespace, name, serviceAccount, annotationPrefix } = facts
  const whole = `${namespace}/${name}`
  if (!serviceAccount) {
    return refuse(
      `there is no ServiceAccount ${whole}`,
      [{ key: 'serviceAccountName', actual: name, source: 'pod' }],
      creationFix(facts),
    )
  }
  const { association } = facts
  if (association) {
    const { id, roleArn } = association
    const summary = `${whole} has ${roleArn} by Pod Identity association ${id}`
    return pass(roleArn, summary, `association ${id}`)
  }
  if (facts.asksAgent) {
    return refuse(`${whole} has no Pod Identity association any more`, [], associationFix(facts))
  }
  const annotations = serviceAccount.metadata.annotations ?? {}
  const { roleMapping } = facts
  const read = findRole({ namespace, name, annotations, roleMapping }, { prefix: annotationPrefix })
  const source = `ServiceAccount ${whole}`
  const { namespace: ofMap, name: map } = roleMappingMap
  switch (read.kind) {
    case 'role':
      return pass(read.roleArn, `${whole} names ${read.roleArn}`, source)
    case 'mapped': {
      const given = `ConfigMap ${ofMap}/${map}`
      return pass(read.roleArn, `${whole} has ${read.roleArn} by ${given}`, given)
    }
    case 'bad-mapping':
      return refuse(read.why, [], `kubectl -n ${ofMap} edit configmap ${map}`)
    case 'none':
      return refuse(
        facts.otherRole === undefined
          ? `${whole} names no role, so the pod spoke as its node`
          : `${whole} names no role: the pod has role \`${facts.otherRole}\` from elsewhere`,
        [],
        creationFix(facts),
      )
    case 'misspelt':
      return refuse(
        `${whole} has the annotation \`${read.key}\`, which means nothing: the pod spoke as its node`,
        [{ key: 'annotation', wanted: read.wantedKey, actual: read.key, source }],
        `kubectl -n ${namespace} annotate serviceaccount ${name} ${read.wantedKey}=${read.value} ${read.key}- , then make the pod anew`,
      )
    case 'invalid':
      return refuse(
        `${whole} names \`${read.value}\`, but ${read.why}`,
        [
          {
            key: 'role-arn',
            wanted: 'arn:aws:iam::ACCOUNT:role/NAME',
            actual: read.value,
            source,
          },
        ],
        creationFix(facts),
      )
  }
}

function associationFix({ namespace, name, cluster = 'CLUSTER' }: ServiceAccountLinkFacts): string {
  return `podpass create podidentityassociation --cluster ${cluster} --namespace ${namespace} --service-account-name ${name} --permission-policy-arns POLICY`
}

/** Every namespace's `default` ServiceAccount is everybody's: a pod's own identity needs a name of its own. */
function creationFix({ namespace, name, cluster }: ServiceAccountLinkFacts): string {
  const own = name === 'default' ? 'NAME' : name
  return `podpass create iamserviceaccount --cluster ${cluster ?? 'CLUSTER'} --namespace ${namespace} --name ${own} --attach-policy-arn POLICY --approve`
}

function pass(
  roleArn: string,
  summary: string,
  source: string,
): { readonly verdict: Verdict; readonly roleArn: string } {
  const evidence = [{ key: 'role', actual: roleArn, source }]
  return { roleArn, verdict: { link: 'service-account', verdict: 'passed', summary, evidence } }
}

function refuse(
  summary: string,
  evidence: Verdict['evidence'],
  fix: string,
): { readonly verdict: Verdict } {
  return { verdict: { link: 'service-account', verdict: 'refused', summary, evidence, fix } }
}
