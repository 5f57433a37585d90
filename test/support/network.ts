/** Whether pods can have networks of their own where the tests run. */
import { type NetworkAbility, probeNetwork } from '../../src/kubernetes/network/probe.ts'
import { findCommand } from '../../src/kubernetes/runtime/process/host-files.ts'

/** As a lab with this PATH finds it out. */
export function networkAbility(path: string = process.env['PATH'] ?? ''): Promise<NetworkAbility> {
  return probeNetwork({
    find(program) {
      const everywhere = `${path}:/usr/sbin:/sbin`
      const found = findCommand(program, { path: everywhere, workingDirectory: '/', mounts: [] })
      return 'file' in found ? found.file : undefined
    },
    isRoot: process.getuid?.() === 0,
    platform: process.platform,
  })
}
