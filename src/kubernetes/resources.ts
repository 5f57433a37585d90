/** Addresses of the kinds that controllers, scheduler and kubelet work with. */
import type { ResourceRef } from './object.ts'

const core = (resource: string): ResourceRef => ({ group: '', version: 'v1', resource })
const apps = (resource: string): ResourceRef => ({ group: 'apps', version: 'v1', resource })

export const pods = core('pods')
export const nodes = core('nodes')
export const namespaces = core('namespaces')
export const serviceAccounts = core('serviceaccounts')
export const configMaps = core('configmaps')
export const secrets = core('secrets')
export const events = core('events')
export const deployments = apps('deployments')
export const replicaSets = apps('replicasets')
export const clusterRoles: ResourceRef = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource: 'clusterroles',
}
export const jobs: ResourceRef = { group: 'batch', version: 'v1', resource: 'jobs' }
export const cronJobs: ResourceRef = { group: 'batch', version: 'v1', resource: 'cronjobs' }
export const leases: ResourceRef = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
}

/** An object's address as one string, for keys of queues and maps. */
export function objectKey(object: { metadata: { name: string; namespace?: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

export const mutatingWebhookConfigurations: ResourceRef = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'mutatingwebhookconfigurations',
}
