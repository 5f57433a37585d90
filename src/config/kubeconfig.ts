/** kubeconfig files: adding a cluster the way eksctl and `aws eks update-kubeconfig` do. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Environment } from './env.ts'

interface NamedEntry {
  readonly name: string
  readonly [part: string]: unknown
}

/** The parts of a kubeconfig that are touched; all else is kept as it is. */
export interface Kubeconfig {
  apiVersion: 'v1'
  kind: 'Config'
  clusters: NamedEntry[]
  contexts: NamedEntry[]
  users: NamedEntry[]
  'current-context': string
  [other: string]: unknown
}

export interface KubeconfigEntry {
  /** Name of the cluster entry: `irsa.ap-northeast-1.eksctl.io`. */
  readonly cluster: string
  readonly context: string
  readonly endpoint: string
  /** PEM, base64. */
  readonly caData: string
  readonly user: Readonly<Record<string, unknown>>
}

/** The file that kubectl would write: the first of KUBECONFIG, else `~/.kube/config`. */
export function kubeconfigFile(environment: Environment): string {
  const first = environment['KUBECONFIG']?.split(delimiter).find((part) => part !== '')
  return first ?? join(homedir(), '.kube', 'config')
}

/** Adds or replaces one cluster, its user and context; makes the context current when `current` says so. */
export async function addToKubeconfig(
  file: string,
  entry: KubeconfigEntry,
  current: 'always' | 'if-none' | 'never',
): Promise<void> {
  await changeKubeconfig(file, (config) => {
    put(config.clusters, {
      name: entry.cluster,
      cluster: { server: entry.endpoint, 'certificate-authority-data': entry.caData },
    })
    put(config.users, { name: entry.context, user: entry.user })
    put(config.contexts, {
      name: entry.context,
      context: { cluster: entry.cluster, user: entry.context },
    })
    if (current === 'always' || (current === 'if-none' && !config['current-context'])) {
      config['current-context'] = entry.context
    }
  })
}

/** Takes a cluster with its contexts and users out. */
export async function removeFromKubeconfig(file: string, cluster: string): Promise<void> {
  await changeKubeconfig(file, (config) => {
    const gone = config.contexts.filter(
      (entry) => (entry['context'] as { cluster?: string } | undefined)?.cluster === cluster,
    )
    const names = new Set(gone.map((entry) => entry.name))
    config.clusters = config.clusters.filter((entry) => entry.name !== cluster)
    config.contexts = config.contexts.filter((entry) => !names.has(entry.name))
    config.users = config.users.filter((entry) => !names.has(entry.name))
    if (names.has(config['current-context'])) config['current-context'] = ''
  })
}

async function changeKubeconfig(file: string, change: (config: Kubeconfig) => void): Promise<void> {
  const { parse, stringify } = await import('yaml')
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const read = (parse(text) ?? {}) as Partial<Kubeconfig>
  const config: Kubeconfig = {
    ...read,
    apiVersion: 'v1',
    kind: 'Config',
    clusters: read.clusters ?? [],
    contexts: read.contexts ?? [],
    users: read.users ?? [],
    'current-context': read['current-context'] ?? '',
  }
  change(config)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}.new`
  writeFileSync(fresh, stringify(config), { mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, file)
}

function put(entries: NamedEntry[], entry: NamedEntry): void {
  const at = entries.findIndex((present) => present.name === entry.name)
  if (at < 0) entries.push(entry)
  else entries[at] = entry
}
