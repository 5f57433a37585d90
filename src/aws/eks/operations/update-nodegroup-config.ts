import type {
  UpdateNodegroupConfigRequest,
  UpdateNodegroupConfigResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { keyOf } from '../access.ts'
import { inUse, invalidParameter } from '../errors.ts'
import { uuid } from '../ids.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { findNodegroup, nodegroupNeed, scalingOf, taintsOf, updateConfigOf } from '../nodegroups.ts'
import type { NodegroupRecord, UpdateRecord } from '../records.ts'
import { showUpdate } from '../shapes.ts'
import type { EksState } from '../state.ts'

type Input = Checked<UpdateNodegroupConfigRequest>

interface Deps {
  readonly state: EksState
  readonly lifecycle: Pick<Lifecycle, 'provision'>
}

/** Changes a group's size, labels or taints. */
export const updateNodegroupConfig: Operation<Input, UpdateNodegroupConfigResponse, Deps> = {
  name: 'UpdateNodegroupConfig',
  access: (input, call, { state }) => [nodegroupNeed('UpdateNodegroupConfig', call, input, state)],
  async handle(input, call, { state, lifecycle }) {
    const found = findNodegroup(state, call, input)
    const subject = { clusterName: input.clusterName, nodegroupName: input.nodegroupName }
    if (found.status !== 'ACTIVE' && found.status !== 'DEGRADED') {
      throw inUse(`Nodegroup ${found.name} is not in ACTIVE state: it is ${found.status}`, subject)
    }
    const params = paramsOf(input)
    if (params.length === 0) throw invalidParameter('No changes are specified.', subject)
    const scaling = scalingOf(input.scalingConfig ?? {}, found.scaling)
    const updateConfig = input.updateConfig && updateConfigOf(input.updateConfig)
    const cluster = state.cluster(keyOf(call, input.clusterName))
    await state.change(cluster, 'nodegroup', found.name, (current) => ({
      ...current,
      status: 'UPDATING',
      modifiedAt: call.at,
      scaling,
      labels: labelsOf(current, input),
      taints: changedTaints(current, input),
      ...(updateConfig && { updateConfig }),
    }))
    await lifecycle.provision(cluster, found.name)
    const after = state.find(cluster, 'nodegroup', found.name)
    const update: UpdateRecord = {
      id: uuid(),
      clusterName: cluster.name,
      nodegroupName: found.name,
      createdAt: call.at,
      type: 'ConfigUpdate',
      status: after?.status === 'DEGRADED' ? 'Failed' : 'Successful',
      params,
    }
    await state.create(cluster, 'update', update.id, update)
    return { update: showUpdate(update) }
  },
}

function paramsOf({ scalingConfig, labels, taints, updateConfig }: Input): UpdateRecord['params'] {
  const { minSize, maxSize, desiredSize } = scalingConfig ?? {}
  return [
    ['MinSize', minSize],
    ['MaxSize', maxSize],
    ['DesiredSize', desiredSize],
    ['LabelsToAdd', labels?.addOrUpdateLabels && JSON.stringify(labels.addOrUpdateLabels)],
    ['LabelsToRemove', labels?.removeLabels && JSON.stringify(labels.removeLabels)],
    ['TaintsToAdd', taints?.addOrUpdateTaints && JSON.stringify(taints.addOrUpdateTaints)],
    ['MaxUnavailable', updateConfig?.maxUnavailable],
    ['MaxUnavailablePercentage', updateConfig?.maxUnavailablePercentage],
    ['TaintsToRemove', taints?.removeTaints && JSON.stringify(taints.removeTaints)],
  ].flatMap(([type, value]) =>
    value === undefined ? [] : [{ type: String(type), value: String(value) }],
  )
}

function labelsOf(current: NodegroupRecord, { labels }: Input): NodegroupRecord['labels'] {
  const all = { ...current.labels, ...labels?.addOrUpdateLabels }
  const removed = new Set(labels?.removeLabels ?? [])
  return Object.fromEntries(Object.entries(all).filter(([key]) => !removed.has(key)))
}

function changedTaints(current: NodegroupRecord, { taints }: Input): NodegroupRecord['taints'] {
  const id = (t: { key?: string | undefined; effect?: string | undefined }): string =>
    `${t.key}:${t.effect}`
  const added = taintsOf(taints?.addOrUpdateTaints ?? [])
  const gone = new Set([...added, ...(taints?.removeTaints ?? [])].map(id))
  return [...current.taints.filter((taint) => !gone.has(id(taint))), ...added]
}
