/** A cluster's API from within, for tests of what works on it: no server, no webhooks, time that stands still. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../src/clock/manual-clock.ts'
import {
  bootstrapCluster,
  clusterMachinery,
  serverUser,
} from '../../src/kubernetes/api/cluster-machinery.ts'
import type { ClusterClient } from '../../src/kubernetes/cluster-client.ts'
import type { KubernetesObject, ResourceRef } from '../../src/kubernetes/object.ts'
import { serviceAccounts } from '../../src/kubernetes/resources.ts'
import type { Issuer } from '../../src/oidc/issuer-port.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const issuer: Issuer = {
  url: 'https://issuer.test',
  sign(claims) {
    const body = `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}`
    return `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`
  },
  verifyOwn: (token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()),
  discovery: () => ({}),
  jwks: () => ({ keys: [] }),
}

/** `withDefaults`: the default namespace has its ServiceAccount already. */
export async function openCluster({ withDefaults = true } = {}) {
  const clock = new ManualClock()
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const cluster = clusterMachinery({ store, prefix: '/clusters/test', clock, issuer })
  const client = cluster.clientAs(serverUser)
  await bootstrapCluster(client, 6443)
  if (withDefaults)
    await client.create(serviceAccounts, 'default', { metadata: { name: 'default' } })
  const directory = mkdtempSync(join(tmpdir(), 'podpass-cluster-'))
  return {
    clock,
    client,
    directory,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const deadlineMs = 10_000

/** The object, once `holds` is true of it; undefined stands for "not there". */
export function until(
  client: ClusterClient,
  resource: ResourceRef,
  key: { namespace?: string; name: string },
  holds: (object: KubernetesObject | undefined) => unknown,
): Promise<KubernetesObject | undefined> {
  return new Promise((resolve, reject) => {
    const filter = { fieldSelector: `metadata.name=${key.name}` }
    const where = key.namespace === undefined ? filter : { ...filter, namespace: key.namespace }
    let watch: Disposable | undefined
    let isOver = false
    const finish = (settle: () => void) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      queueMicrotask(() => watch?.[Symbol.dispose]())
      settle()
    }
    const look = (object: KubernetesObject | undefined) => {
      try {
        if (holds(object)) finish(() => resolve(object))
      } catch (error) {
        finish(() => reject(error))
      }
    }
    const timer = setTimeout(() => {
      const last = client.get(resource, key.namespace, key.name)
      finish(() =>
        reject(new Error(`deadline passed; last seen: ${JSON.stringify(last, null, 1)}`)),
      )
    }, deadlineMs)
    look(client.get(resource, key.namespace, key.name))
    watch = client.watch(resource, where, (event) =>
      look(event.type === 'DELETED' ? undefined : event.object),
    )
  })
}

/** Waits until `holds`, asking again at each turn of the event loop, within the deadline. */
export async function eventually(what: string, holds: () => unknown): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`deadline passed: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
