/** The table of kinds that are served. Adding a kind is a file here and a line in it. */
import type { Kind, Review } from '../kind.ts'
import { configMaps } from './config-maps.ts'
import { cronJobs } from './cron-jobs.ts'
import { deployments } from './deployments.ts'
import { events, newEvents } from './events.ts'
import { jobs } from './jobs.ts'
import { leases } from './leases.ts'
import { mutatingWebhookConfigurations } from './mutating-webhook-configurations.ts'
import { namespaces } from './namespaces.ts'
import { nodes } from './nodes.ts'
import { pods } from './pods.ts'
import { replicaSets } from './replica-sets.ts'
import { clusterRoleBindings, roleBindings } from './role-bindings.ts'
import { clusterRoles, roles } from './roles.ts'
import { secrets } from './secrets.ts'
import { serviceAccounts } from './service-accounts.ts'
import { services } from './services.ts'

export const kinds: readonly Kind[] = [
  configMaps,
  events,
  namespaces,
  nodes,
  pods,
  secrets,
  serviceAccounts,
  services,
  deployments,
  replicaSets,
  jobs,
  cronJobs,
  newEvents,
  mutatingWebhookConfigurations,
  leases,
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
]

function review(group: string, kind: string, resource: string, namespaced = false): Review {
  return { group, version: 'v1', kind, resource, singular: kind.toLowerCase(), namespaced }
}

export const reviews: readonly Review[] = [
  review('authentication.k8s.io', 'TokenReview', 'tokenreviews'),
  review('authentication.k8s.io', 'SelfSubjectReview', 'selfsubjectreviews'),
  review('authorization.k8s.io', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', true),
  review('authorization.k8s.io', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews'),
  review('authorization.k8s.io', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews'),
  review('authorization.k8s.io', 'SubjectAccessReview', 'subjectaccessreviews'),
]
