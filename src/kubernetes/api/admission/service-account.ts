/** The ServiceAccount plug-in: every pod runs as one, and gets its token where it has none. */
import type { KubernetesObject } from '../../object.ts'
import { randomSuffix } from '../names.ts'
import type { Objects } from '../objects.ts'
import { pods } from '../resources/pods.ts'
import { serviceAccounts } from '../resources/service-accounts.ts'
import { forbidden } from '../status.ts'
import type { AdmissionPlugin } from './admission.ts'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
/** The lifetime (s) by which the API server knows a pod's own token again. */
const tokenSeconds = 3607
const mirrorAnnotation = 'kubernetes.io/config.mirror'

interface Mount {
  name: string
  mountPath: string
  readOnly?: boolean
}
interface Container {
  volumeMounts?: Mount[]
}

export function serviceAccountAdmission(objects: Objects): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    admit({ operation, kind, subresource, namespace, name, object: pod }) {
      if (kind.resource !== pods.resource || subresource || operation !== 'CREATE' || !pod) return
      if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return
      const spec = pod['spec']
      spec.serviceAccountName ||= 'default'
      spec.serviceAccount = spec.serviceAccountName
      const account = objects.get(serviceAccounts, namespace, spec.serviceAccountName)
      if (!account) {
        const who = spec.serviceAccountName
        const why = `error looking up service account ${namespace}/${who}: serviceaccount "${who}" not found`
        throw forbidden(pods, name || (pod.metadata.generateName ?? ''), why)
      }
      if (mountsToken(pod, account)) addToken(spec)
      if (!spec.imagePullSecrets?.length && account['imagePullSecrets']?.length) {
        spec.imagePullSecrets = structuredClone(account['imagePullSecrets'])
      }
    },
  }
}

function mountsToken(pod: KubernetesObject, account: KubernetesObject): boolean {
  const ofPod = pod['spec'].automountServiceAccountToken
  return (ofPod ?? account['automountServiceAccountToken'] ?? true) !== false
}

function addToken(spec: {
  volumes?: { name: string }[]
  containers?: Container[]
  initContainers?: Container[]
}): void {
  const volumes = spec.volumes ?? []
  const present = volumes.find((v) => v.name.startsWith(volumePrefix))
  const name = present?.name ?? volumePrefix + randomSuffix()
  let isUsed = false
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const mounts = container.volumeMounts ?? []
    if (mounts.some((m) => m.mountPath === mountPath)) continue
    container.volumeMounts = [...mounts, { name, mountPath, readOnly: true }]
    isUsed = true
  }
  if (isUsed && !present) spec.volumes = [...volumes, tokenVolume(name)]
}

function tokenVolume(name: string) {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
    },
  }
}
