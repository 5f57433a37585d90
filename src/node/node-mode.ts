/** What stands between a cluster's pods and instance metadata, as a ConfigMap of the cluster says it: pure. */
import type { KiamSettings } from './kiam.ts'
import type { Kube2iamSettings } from './kube2iam-mapping.ts'

/** Where the mode is kept: `kubectl -n kube-system get configmap podpass-node-mode`. */
export const nodeModeMap = { namespace: 'kube-system', name: 'podpass-node-mode' } as const

export type NodeMode =
  | { readonly mode: 'none' }
  | { readonly mode: 'kube2iam'; readonly settings: Kube2iamSettings }
  | {
      readonly mode: 'kiam'
      readonly settings: KiamSettings
      /** ARN of the role of kiam's server, which alone assumes pods' roles. */
      readonly serverRole: string | undefined
    }

/**
 * Reads the ConfigMap's `data`: `mode` and the agents' flags by their names without dashes in front. What is not there, or
 * not understood, is as if it were not given; without a base, roles' names are of the cluster's account.
 */
export function readNodeMode(
  data: Readonly<Record<string, string>> | undefined,
  account: string,
): NodeMode {
  const base = `arn:aws:iam::${account}:role/`
  switch (data?.['mode']) {
    case 'kube2iam': {
      const format = data['namespace-restriction-format']?.toLowerCase()
      return {
        mode: 'kube2iam',
        settings: {
          baseRoleArn: data['base-role-arn'] || base,
          ...(data['default-role'] ? { defaultRole: data['default-role'] } : {}),
          namespaceRestrictions: data['namespace-restrictions'] === 'true',
          namespaceRestrictionFormat: format === 'regexp' ? 'regexp' : 'glob',
          debug: data['debug'] === 'true',
        },
      }
    }
    case 'kiam': {
      const roleBaseArn = data['role-base-arn'] || base
      const server = data['server-role']
      return {
        mode: 'kiam',
        settings: {
          roleBaseArn,
          allowRouteRegexp: data['allow-route-regexp'] ?? '',
          strictNamespaceRegexp: data['strict-namespace-regexp'] !== 'false',
        },
        serverRole: server && !server.startsWith('arn:') ? `${base}${server}` : server,
      }
    }
    default:
      return { mode: 'none' }
  }
}
