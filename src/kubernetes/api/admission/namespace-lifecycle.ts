/** NamespaceLifecycle: nothing is made in a namespace that is not there or is going, and three stay for ever. */

import type { Objects } from '../objects.ts'
import { namespaces } from '../resources/namespaces.ts'
import { forbidden, notFound } from '../status.ts'
import type { AdmissionPlugin } from './admission.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

export function namespaceLifecycle(objects: Objects): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    admit({ operation, kind, namespace, name, object }) {
      if (kind === namespaces) {
        if (operation === 'DELETE' && immortal.has(name)) {
          throw forbidden(kind, name, 'this namespace may not be deleted')
        }
        return
      }
      if (operation !== 'CREATE' || namespace === undefined) return
      const found = objects.get(namespaces, undefined, namespace)
      if (!found) throw notFound(namespaces, namespace)
      if (found.metadata.deletionTimestamp) {
        const why = `unable to create new content in namespace ${namespace} because it is being terminated`
        const refusal = forbidden(kind, name || (object?.metadata.generateName ?? ''), why)
        const details = refusal.members['details'] as object
        Object.assign(details, {
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: `namespace ${namespace} is being terminated`,
              field: 'metadata.namespace',
            },
          ],
        })
        throw refusal
      }
    },
  }
}
