/** The associations that an add-on makes for its own ServiceAccounts, and owns. */
import type { AddonPodIdentityAssociations } from '@aws-sdk/client-eks'
import type { Need } from '../operation.ts'
import { passRoleNeed } from './access.ts'
import { offers } from './addons.ts'
import { inUse, invalidParameter } from './errors.ts'
import {
  associationKey,
  checkAssociation,
  newAssociation,
  podIdentityService,
} from './pod-identity.ts'
import type { AddonRecord, ClusterRecord, PodIdentityRecord } from './records.ts'
import type { EksState } from './state.ts'

type Given = readonly AddonPodIdentityAssociations[]

/** Where the add-ons on offer run, and so the ServiceAccounts of their associations. */
const addonNamespace = 'kube-system'

/** `iam:PassRole` for each role of the associations. */
export function associationRoleNeeds(given: Given = []): Need[] {
  return given.map(({ roleArn }) => passRoleNeed(roleArn ?? '', podIdentityService))
}

/** Those that the add-on owns. */
export function ownedAssociations(
  state: EksState,
  cluster: ClusterRecord,
  addon: AddonRecord,
): PodIdentityRecord[] {
  return state.list(cluster, 'pod-identity').filter(({ ownerArn }) => ownerArn === addon.arn)
}

/**
 * Throws where EKS would not take them: of an add-on without a ServiceAccount for it, of another ServiceAccount, of a
 * role that is not there, or where another than the add-on has associated the ServiceAccount already.
 */
export function checkAddonAssociations(
  state: EksState,
  cluster: ClusterRecord,
  addon: AddonRecord,
  given: Given,
  roleExists: (arn: string) => boolean,
): void {
  const { name: addonName, version } = addon
  const subject = { clusterName: cluster.name, addonName }
  const wanted = offers[addonName]?.serviceAccount
  if (given.length > 0 && wanted === undefined) {
    const text = `Pod Identity feature is not supported for addon version: ${version}`
    throw invalidParameter(text, subject)
  }
  for (const { serviceAccount = '', roleArn = '' } of given) {
    if (serviceAccount !== wanted) {
      const text = `Service account ${serviceAccount} in pod identity configuration is not supported for addon ${addonName}`
      throw invalidParameter(text, subject)
    }
    checkAssociation(cluster, { roleArn }, roleExists)
    const key = associationKey(addonNamespace, serviceAccount)
    const present = state.find(cluster, 'pod-identity', key)
    // An add-on cannot take over what it has not made.
    if (present && present.ownerArn !== addon.arn) {
      throw inUse(`Association already exists: ${present.id}`, subject)
    }
  }
}

/** Makes them the add-on's only ones: new ones are made, others' roles changed, the rest deleted. Answers the ARNs. */
export async function setAddonAssociations(
  state: EksState,
  cluster: ClusterRecord,
  addon: AddonRecord,
  given: Given,
  at: number,
): Promise<string[]> {
  const kept = new Set<string>()
  const arns: string[] = []
  for (const { serviceAccount = '', roleArn = '' } of given) {
    const key = associationKey(addonNamespace, serviceAccount)
    kept.add(key)
    const association = { namespace: addonNamespace, serviceAccount, roleArn }
    const record = newAssociation(cluster, { ...association, ownerArn: addon.arn, tags: {} }, at)
    if (await state.create(cluster, 'pod-identity', key, record)) {
      arns.push(record.arn)
      continue
    }
    const changed = await state.change(cluster, 'pod-identity', key, (current) =>
      current.ownerArn === addon.arn ? { ...current, roleArn, modifiedAt: at } : current,
    )
    if (changed?.ownerArn === addon.arn) arns.push(changed.arn)
  }
  for (const { namespace, serviceAccount } of ownedAssociations(state, cluster, addon)) {
    const key = associationKey(namespace, serviceAccount)
    if (!kept.has(key)) await state.delete(cluster, 'pod-identity', key)
  }
  return arns
}
