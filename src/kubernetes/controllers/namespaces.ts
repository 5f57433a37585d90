/** Namespaces: each has its default ServiceAccount and the cluster's CA; a deleted one is emptied, then let go. */
import { kinds } from '../api/resources/kinds.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { KubernetesObject } from '../object.ts'
import { configMaps, namespaces, serviceAccounts } from '../resources.ts'
import { type Controller, running, unless } from './controller.ts'
import { WorkQueue } from './work-queue.ts'

const mapName = 'kube-root-ca.crt'
const accountName = 'default'

/** Where content of a namespace may lie. Views show what another kind stores. */
const contents = kinds.filter((kind) => kind.namespaced && !kind.view)

export const namespaceController: Controller = ({ client, clock, caPem, log }) => {
  const queue = new WorkQueue({
    name: 'namespaces',
    clock,
    log,
    async reconcile(name) {
      const namespace = client.get(namespaces, undefined, name)
      if (!namespace) return
      if (namespace.metadata.deletionTimestamp) {
        if (!(await emptyNamespace(client, name))) return
        await finalize(client, namespace)
      } else {
        await ensureServiceAccount(client, name)
        await ensureCertificate(client, name, caPem)
      }
    },
  })
  const ofNamespace = (object: KubernetesObject) => queue.add(object.metadata.namespace ?? '')
  return running(
    [
      client.watch(namespaces, {}, ({ object }) => queue.add(object.metadata.name)),
      client.watch(serviceAccounts, {}, ({ type, object }) => {
        if (type === 'DELETED') ofNamespace(object)
      }),
      client.watch(configMaps, {}, ({ type, object }) => {
        if (type !== 'ADDED' && object.metadata.name === mapName) ofNamespace(object)
      }),
      // What is still there when its namespace goes is waited for.
      ...contents.map((kind) =>
        client.watch(kind, {}, ({ type, object }) => {
          if (type !== 'DELETED') return
          const namespace = client.get(namespaces, undefined, object.metadata.namespace ?? '')
          if (namespace?.metadata.deletionTimestamp) queue.add(namespace.metadata.name)
        }),
      ),
    ],
    queue,
  )
}

async function ensureServiceAccount(client: ClusterClient, namespace: string): Promise<void> {
  if (client.get(serviceAccounts, namespace, accountName)) return
  await unless(['AlreadyExists'], () =>
    client.create(serviceAccounts, namespace, { metadata: { name: accountName } }),
  )
}

async function ensureCertificate(
  client: ClusterClient,
  namespace: string,
  caPem: string,
): Promise<void> {
  const data = { 'ca.crt': caPem }
  const map = client.get(configMaps, namespace, mapName)
  if (map) {
    const has = map['data'] ?? {}
    if (has['ca.crt'] === caPem && Object.keys(has).length === 1) return
    await client.modify(configMaps, namespace, mapName, (current) => ({ ...current, data }))
    return
  }
  const annotations = {
    'kubernetes.io/description':
      'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
  }
  await unless(['AlreadyExists'], () =>
    client.create(configMaps, namespace, { metadata: { name: mapName, annotations }, data }),
  )
}

/** Asks all content to go; true when nothing is left. */
async function emptyNamespace(client: ClusterClient, namespace: string): Promise<boolean> {
  let isEmpty = true
  for (const kind of contents) {
    const { items } = client.list(kind, { namespace })
    const staying = items.filter((object) => !object.metadata.deletionTimestamp)
    for (const { metadata } of staying) {
      await unless(['NotFound', 'Conflict'], () =>
        client.delete(kind, namespace, metadata.name, {
          uid: metadata.uid,
          propagationPolicy: 'Background',
        }),
      )
    }
    if (client.list(kind, { namespace }).items.length > 0) isEmpty = false
  }
  return isEmpty
}

async function finalize(client: ClusterClient, { metadata }: KubernetesObject): Promise<void> {
  await client.modify(
    namespaces,
    undefined,
    metadata.name,
    (current) => {
      if (current.metadata.uid !== metadata.uid) return undefined
      const finalizers: string[] = current['spec']?.finalizers ?? []
      const left = finalizers.filter((f) => f !== 'kubernetes')
      return { ...current, spec: { ...current['spec'], finalizers: left } }
    },
    'finalize',
  )
}
