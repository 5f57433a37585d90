/** Fargate for one cluster: nodes that come and go with their pods. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { ClusterClient } from '../kubernetes/cluster-client.ts'
import type { FargateProfile } from '../kubernetes/fargate/admission.ts'
import { type Fargate, startFargate } from '../kubernetes/fargate/scheduler.ts'
import { nodes } from '../kubernetes/resources.ts'
import { type NodeParts, nodeDirectory, startFargateNode } from './node.ts'

/** Starts its scheduler. */
export function startClusterFargate(
  parts: NodeParts & { readonly client: ClusterClient },
  profiles: readonly FargateProfile[],
): Fargate {
  const { client, clock, log, spec } = parts
  return startFargate({
    profiles,
    client,
    clock,
    log,
    nodeName() {
      for (;;) {
        const [third = 0, fourth = 0] = randomBytes(2)
        const ip = `192-168-${third}-${(fourth % 250) + 4}`
        const taken = client
          .list(nodes)
          .items.some(({ metadata }) => metadata.name.includes(`ip-${ip}.`))
        if (!taken) return `fargate-ip-${ip}.${spec.region}.compute.internal`
      }
    },
    startNode(name, pod) {
      const internalIp = /^fargate-ip-([\d-]+)\./.exec(name)?.[1]?.replaceAll('-', '.') ?? ''
      return startFargateNode(parts, { name, internalIp }, pod.metadata.uid)
    },
    nodeGone(_name, podUid) {
      rmSync(nodeDirectory(parts, podUid), { recursive: true, force: true })
    },
  })
}
