import type {
  AssociateEncryptionConfigRequest,
  AssociateEncryptionConfigResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, resourceTags } from '../access.ts'
import { invalidRequest } from '../errors.ts'
import type { EksState } from '../state.ts'
import { recordUpdate } from '../update-records.ts'
import { encryptionKeyOf } from '../validation.ts'

type Input = Checked<AssociateEncryptionConfigRequest>

/** Names a key for secrets: kept and shown. What encrypts the lab's store is another matter. */
export const associateEncryptionConfig: Operation<
  Input,
  AssociateEncryptionConfigResponse,
  { state: EksState }
> = {
  name: 'AssociateEncryptionConfig',
  access: ({ clusterName }, call, { state }) => [
    clusterNeed(
      'AssociateEncryptionConfig',
      call,
      clusterName,
      resourceTags(state.findCluster(keyOf(call, clusterName))?.tags),
    ),
  ],
  async handle({ clusterName, encryptionConfig }, call, { state }) {
    const cluster = state.cluster(keyOf(call, clusterName))
    const encryptionKey = encryptionKeyOf(encryptionConfig, clusterName)
    if (cluster.encryptionKey !== undefined) {
      throw invalidRequest(`Cluster ${clusterName} already has an encryption configuration.`, {
        clusterName,
      })
    }
    await state.changeCluster(cluster, (current) => ({ ...current, encryptionKey }))
    const params = { EncryptionConfig: JSON.stringify(encryptionConfig) }
    const change = { type: 'AssociateEncryptionConfig', params }
    return { update: await recordUpdate(state, cluster, change, call.at) }
  },
}
