/** UpdateClusterVersion and UpdateNodegroupVersion: the version that is shown; the API server stays what it is. */
import type {
  UpdateClusterVersionRequest,
  UpdateClusterVersionResponse,
  UpdateNodegroupVersionRequest,
  UpdateNodegroupVersionResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { clusterNeed, keyOf, resourceTags } from '../access.ts'
import { inUse, invalidParameter } from '../errors.ts'
import { findNodegroup, nodegroupNeed } from '../nodegroups.ts'
import type { EksState } from '../state.ts'
import { recordUpdate } from '../update-records.ts'
import { isOffered } from '../versions.ts'

interface Deps {
  readonly state: EksState
}

const minorOf = (version: string) => Number(version.split('.')[1])

/** One minor version up at a time, as on EKS. */
export const updateClusterVersion: Operation<
  Checked<UpdateClusterVersionRequest>,
  UpdateClusterVersionResponse,
  Deps
> = {
  name: 'UpdateClusterVersion',
  access: ({ name }, call, { state }) => [
    clusterNeed(
      'UpdateClusterVersion',
      call,
      name,
      resourceTags(state.findCluster(keyOf(call, name))?.tags),
    ),
  ],
  async handle({ name, version }, call, { state }) {
    const cluster = state.cluster(keyOf(call, name))
    const subject = { clusterName: name }
    if (cluster.status !== 'ACTIVE') {
      throw inUse(`Cluster ${name} is not in ACTIVE state: it is ${cluster.status}`, subject)
    }
    if (!version || !isOffered(version)) {
      const text = `unsupported Kubernetes version ${(version ?? '').slice(0, 40)}`
      throw invalidParameter(text, subject)
    }
    if (version === cluster.version) {
      throw invalidParameter(`Cluster is already at version ${version}`, subject)
    }
    if (minorOf(version) !== minorOf(cluster.version) + 1) {
      const step = `from ${cluster.version} to ${version}`
      throw invalidParameter(`Unsupported Kubernetes minor version update ${step}`, subject)
    }
    await state.changeCluster(cluster, (current) => ({ ...current, version }))
    const params = { Version: version, PlatformVersion: 'eks.1' }
    return {
      update: await recordUpdate(state, cluster, { type: 'VersionUpdate', params }, call.at),
    }
  },
}

/** To the cluster's version, or to the one named, which may not be ahead of it. */
export const updateNodegroupVersion: Operation<
  Checked<UpdateNodegroupVersionRequest>,
  UpdateNodegroupVersionResponse,
  Deps
> = {
  name: 'UpdateNodegroupVersion',
  access: (input, call, { state }) => [nodegroupNeed('UpdateNodegroupVersion', call, input, state)],
  async handle(input, call, { state }) {
    const found = findNodegroup(state, call, input)
    const cluster = state.cluster(keyOf(call, input.clusterName))
    const subject = { clusterName: cluster.name, nodegroupName: found.name }
    if (found.status !== 'ACTIVE' && found.status !== 'DEGRADED') {
      throw inUse(`Nodegroup ${found.name} is not in ACTIVE state: it is ${found.status}`, subject)
    }
    const version = input.version ?? cluster.version
    if (!isOffered(version) || minorOf(version) > minorOf(cluster.version)) {
      throw invalidParameter(
        `Nodegroup Kubernetes version ${version.slice(0, 40)} is not supported by the cluster, which has ${cluster.version}.`,
        subject,
      )
    }
    const { releaseVersion } = input
    const after = await state.change(cluster, 'nodegroup', found.name, (current) => {
      const { releaseVersion: _, ...rest } = current
      return { ...rest, version, modifiedAt: call.at, ...(releaseVersion && { releaseVersion }) }
    })
    const params = { Version: version, ReleaseVersion: after?.releaseVersion }
    const change = { type: 'VersionUpdate', nodegroupName: found.name, params }
    return { update: await recordUpdate(state, cluster, change, call.at) }
  },
}
