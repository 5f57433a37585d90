/** ClusterRoles with an aggregationRule have the rules of all ClusterRoles that its selectors choose. */
import { isDeepStrictEqual } from 'node:util'
import { matchesSelector } from '../api/selectors/label-selector.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { KubernetesObject } from '../object.ts'
import { clusterRoles } from '../resources.ts'
import { type Controller, running } from './controller.ts'
import { WorkQueue } from './work-queue.ts'

type Selector = Parameters<typeof matchesSelector>[0]

export const clusterRoleAggregation: Controller = ({ client, clock, log }) => {
  const queue = new WorkQueue({
    name: 'clusterrole aggregation',
    clock,
    log,
    async reconcile(name) {
      await client.modify(clusterRoles, undefined, name, (role) => {
        if (!role['aggregationRule']) return undefined
        const rules = gathered(client, role)
        return isDeepStrictEqual(rules, role['rules'] ?? []) ? undefined : { ...role, rules }
      })
    },
  })
  // Whichever role changes may have been, or be now, among what another gathers.
  const aggregated = () =>
    client.list(clusterRoles).items.filter((role) => role['aggregationRule'] !== undefined)
  return running(
    [
      client.watch(clusterRoles, {}, () => {
        for (const role of aggregated()) queue.add(role.metadata.name)
      }),
    ],
    queue,
  )
}

/** Each rule once, by selectors and then by the roles' names. */
function gathered(client: ClusterClient, role: KubernetesObject): object[] {
  const selectors: Selector[] = role['aggregationRule'].clusterRoleSelectors ?? []
  const rules = new Map<string, object>()
  for (const selector of selectors) {
    for (const other of client.list(clusterRoles).items) {
      if (other.metadata.name === role.metadata.name) continue
      if (!matchesSelector(selector, other.metadata.labels ?? {})) continue
      for (const rule of other['rules'] ?? []) rules.set(ruleKey(rule), rule)
    }
  }
  return [...rules.values()]
}

function ruleKey(rule: Readonly<Record<string, unknown>>): string {
  const fields = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs']
  return JSON.stringify(fields.map((field) => rule[field] ?? []))
}
