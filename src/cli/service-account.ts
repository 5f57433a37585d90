/** ServiceAccounts as the command line makes and marks them. */
import { apiStatus, type clusterApi, findServiceAccount } from './cluster-access.ts'

/** Names the role of a ServiceAccount (IRSA). */
export const roleAnnotation = 'eks.amazonaws.com/role-arn'
const managedBy = { 'app.kubernetes.io/managed-by': 'podpass' }

type Marks = Readonly<Record<string, string>>

/** Makes namespace and ServiceAccount where they are missing, and adds the labels and annotations. */
export async function ensureServiceAccount(
  api: Awaited<ReturnType<typeof clusterApi>>,
  wanted: {
    readonly namespace: string
    readonly name: string
    readonly labels?: Marks
    readonly annotations?: Marks
  },
): Promise<void> {
  const { namespace, name, annotations = {} } = wanted
  const labels = { ...managedBy, ...wanted.labels }
  const present = await findServiceAccount(api, namespace, name)
  if (present) {
    present.metadata = {
      ...present.metadata,
      labels: { ...present.metadata?.labels, ...labels },
      annotations: { ...present.metadata?.annotations, ...annotations },
    }
    await api.replaceNamespacedServiceAccount({ namespace, name, body: present })
    return
  }
  try {
    await api.readNamespace({ name: namespace })
  } catch (error) {
    if (apiStatus(error) !== 404) throw error
    await api.createNamespace({ body: { metadata: { name: namespace } } })
  }
  await api.createNamespacedServiceAccount({
    namespace,
    body: { metadata: { name, namespace, labels, annotations: { ...annotations } } },
  })
}
