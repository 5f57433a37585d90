/** The volumes of one pod on the node's disk, and where its containers see them. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import type { KubernetesObject } from '../object.ts'
import type { ContainerMount } from '../runtime/runtime.ts'
import { ConfigError, type ContainerFields, expand, type PodFacts } from './environment.ts'
import type { PodTokens } from './service-account-tokens.ts'
import { giveTo, writeVolume } from './volume-files.ts'
import {
  isWritten,
  MountError,
  tokenWishes,
  type VolumeFields,
  volumeContent,
} from './volume-sources.ts'

export interface PodVolumesOptions {
  /** The pod's directory on the node. */
  readonly directory: string
  readonly tokens: PodTokens
  readonly clock: Clock
}

/** Which volume could not be set up, and why. */
export class VolumeFailure extends Error {
  override readonly name = 'VolumeFailure'
  readonly volume: string
  constructor(volume: string, why: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`)
    this.volume = volume
  }
}

/** Makes or refreshes all volumes of the pod. Throws VolumeFailure; what was there before stays. */
export async function setUpVolumes(facts: PodFacts, options: PodVolumesOptions): Promise<void> {
  const { tokens, clock } = options
  const wishes = tokenWishes(facts.pod)
  try {
    await tokens.fetch(facts.pod, wishes)
  } catch (error) {
    if (!(error instanceof MountError)) throw error
    const volumes: VolumeFields[] = facts.pod['spec'].volumes ?? []
    const asking = volumes.find((v) => wishes[0]?.key.startsWith(`${v.name}/`))
    throw new VolumeFailure(asking?.name ?? '', error.message)
  }
  for (const volume of (facts.pod['spec'].volumes ?? []) as VolumeFields[]) {
    try {
      if (isWritten(volume)) {
        const content = volumeContent(volume, facts, (wish) => tokens.text(wish))
        writeVolume(volumePath(volume, options), content, clock.now())
      } else setUpPlain(volume, facts.pod, options)
    } catch (error) {
      if (error instanceof MountError || error instanceof ConfigError) {
        throw new VolumeFailure(volume.name, error.message)
      }
      if ((error as NodeJS.ErrnoException).code) {
        throw new VolumeFailure(volume.name, (error as Error).message)
      }
      throw error
    }
  }
}

function setUpPlain(volume: VolumeFields, pod: KubernetesObject, options: PodVolumesOptions): void {
  const path = volumePath(volume, options)
  if (volume['hostPath']) {
    checkHostPath(path, volume['hostPath'].type ?? '')
    return
  }
  if (!volume['emptyDir']) {
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'none'
    throw new MountError(`volumes of type ${kind} are not supported by this node`)
  }
  if (existsSync(path)) return
  mkdirSync(path, { recursive: true })
  const { fsGroup } = pod['spec'].securityContext ?? {}
  giveTo(path, undefined, fsGroup)
  chmodSync(path, fsGroup === undefined ? 0o777 : 0o2777)
}

function checkHostPath(path: string, type: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  const wrong = () => new MountError(`hostPath type check failed: ${path} is not a ${words[type]}`)
  const words: Readonly<Record<string, string>> = {
    Directory: 'directory',
    DirectoryOrCreate: 'directory',
    File: 'file',
    FileOrCreate: 'file',
    Socket: 'socket file',
  }
  switch (type) {
    case '':
      // Container engines make what is missing; an ordinary user often cannot.
      if (!stat) mkdirSync(path, { recursive: true, mode: 0o755 })
      return
    case 'DirectoryOrCreate':
      if (!stat) mkdirSync(path, { recursive: true, mode: 0o755 })
      else if (!stat.isDirectory()) throw wrong()
      return
    case 'FileOrCreate':
      if (!stat) writeFileSync(path, '', { mode: 0o644 })
      else if (!stat.isFile()) throw wrong()
      return
    case 'Directory':
      if (!stat?.isDirectory()) throw wrong()
      return
    case 'File':
      if (!stat?.isFile()) throw wrong()
      return
    case 'Socket':
      if (!stat?.isSocket()) throw wrong()
      return
    default:
      throw new MountError(`hostPath type ${type} is not supported by this node`)
  }
}

function volumePath(volume: VolumeFields, { directory }: { directory: string }): string {
  return volume['hostPath']?.path ?? join(directory, 'volumes', volume.name)
}

interface MountFields {
  readonly name: string
  readonly mountPath: string
  readonly readOnly?: boolean
  readonly subPath?: string
  readonly subPathExpr?: string
}

/** The mounts of one container. Throws ConfigError where a subPath leads out of its volume. */
export function containerMounts(
  pod: KubernetesObject,
  container: ContainerFields,
  environment: Readonly<Record<string, string>>,
  options: { readonly directory: string },
): ContainerMount[] {
  const volumes: VolumeFields[] = pod['spec'].volumes ?? []
  return ((container['volumeMounts'] ?? []) as MountFields[]).map((mount) => {
    const volume = volumes.find((v) => v.name === mount.name)
    if (!volume) throw new ConfigError(`volume "${mount.name}" not found`)
    const root = volumePath(volume, options)
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, environment) : mount.subPath
    const hostPath = subPath ? belowVolume(root, subPath, mount, container) : root
    return {
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      hostPath,
      readOnly: mount.readOnly === true || isWritten(volume),
    }
  })
}

function belowVolume(
  root: string,
  subPath: string,
  mount: MountFields,
  container: ContainerFields,
): string {
  const failure = () =>
    new ConfigError(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
    )
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw failure()
  const path = join(root, subPath)
  if (!lstatSync(path, { throwIfNoEntry: false })) mkdirSync(path, { recursive: true, mode: 0o777 })
  const real = realpathSync(path)
  if (!`${real}/`.startsWith(`${realpathSync(root)}/`)) throw failure()
  return real
}
