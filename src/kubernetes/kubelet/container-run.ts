/** One run of a container: from its spec to a process, its log, its end. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubernetesObject } from '../object.ts'
import type { ImageCommand } from '../runtime/images.ts'
import type {
  ContainerExit,
  ContainerMount,
  ContainerProcess,
  ContainerSpec,
  ContainerUser,
  ExecStreams,
} from '../runtime/runtime.ts'
import { ContainerLog, rotatedName } from './container-log.ts'
import {
  buildEnvironment,
  ConfigError,
  type ContainerFields,
  expand,
  type PodFacts,
} from './environment.ts'
import { containerMounts } from './pod-volumes.ts'
import type { KubeletServices } from './services.ts'
import { hostnameOf, systemFiles } from './system-files.ts'

export interface ContainerRun {
  readonly id: string
  readonly process: ContainerProcess
  readonly spec: ContainerSpec
  readonly log: ContainerLog
  /** Who sees the output beside the log. */
  readonly viewers: Set<ExecStreams['output']>
  readonly startedAt: number
}

export interface RunRequest {
  readonly container: ContainerFields
  readonly image: ImageCommand
  readonly facts: PodFacts
  /** The pod's directory. */
  readonly directory: string
  readonly restartCount: number
}

const terminationMessageBytesMax = 4096
const adminNames = ['NET_ADMIN', 'CAP_NET_ADMIN', 'ALL']

/** Throws ConfigError when the container cannot be configured, StartFailure when it cannot be started. */
export async function runContainer(
  request: RunRequest,
  services: KubeletServices,
): Promise<ContainerRun> {
  const { container, directory, restartCount } = request
  const spec = await containerSpec(request, services)
  mkdirSync(logDirectory(directory, container.name), { recursive: true, mode: 0o700 })
  dropOldLogs(directory, container.name, restartCount)
  const viewers: ContainerRun['viewers'] = new Set()
  const log = new ContainerLog(logFile(directory, container.name, restartCount), services.clock)
  try {
    const process = await services.runtime.start({
      ...spec,
      output: (stream, chunk) => {
        log.write(stream, chunk)
        for (const view of viewers) void view(stream, chunk)
      },
    })
    const id = `${services.runtime.name}://${randomBytes(32).toString('hex')}`
    return { id, process, spec, log, viewers, startedAt: services.clock.now() }
  } catch (error) {
    log.close()
    throw error
  }
}

async function containerSpec(
  { container, image, facts, directory }: RunRequest,
  services: KubeletServices,
): Promise<ContainerSpec> {
  const { pod } = facts
  const base = {
    ...image.environment,
    ...(await services.podEnvironment(pod)),
    HOSTNAME: hostnameOf(pod),
  }
  const environment = buildEnvironment(container, base, facts)
  const words = (list: readonly string[] | undefined) =>
    list?.map((word) => expand(word, environment))
  const command = words(container.command)
  const args = words(container.args)
  const entrypoint = command?.length ? command : image.entrypoint
  // As Docker: a command of the pod's own drops the image's default arguments too.
  const rest = args?.length ? args : command?.length ? [] : image.defaultArgs
  const argv = [...entrypoint, ...rest]
  if (argv.length === 0) throw new ConfigError('no command specified')
  const privateDirectory = join(directory, 'containers', container.name)
  mkdirSync(privateDirectory, { recursive: true, mode: 0o711 })
  const mounts = containerMounts(pod, container, environment, { directory })
  const user = userOf(pod, container)
  const { sandbox } = facts
  return {
    label: `${pod.metadata.namespace}/${pod.metadata.name}/${container.name}`,
    argv,
    environment,
    hostname: hostnameOf(pod),
    ...(container['workingDir'] && { workingDirectory: container['workingDir'] }),
    mounts: [
      ...mounts,
      ...systemFiles(facts, directory, mounts),
      terminationMount(container, privateDirectory),
    ],
    ...(user && { user }),
    ...(container['stdin'] === true && { hasInput: true }),
    ...(container['tty'] === true && { hasTerminal: true }),
    ...(sandbox && { network: { namespace: sandbox.namespace, mayChange: isAdmin(container) } }),
    privateDirectory,
    output: () => {},
  }
}

function userOf(pod: KubernetesObject, container: ContainerFields): ContainerUser | undefined {
  const context = { ...pod['spec'].securityContext, ...container['securityContext'] }
  const own = process.getuid?.() ?? 0
  const uid: number | undefined = context.runAsUser
  if (context.runAsNonRoot && (uid ?? own) === 0) {
    const { name, namespace, uid: podUid } = pod.metadata
    const what =
      uid === 0
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root'
    throw new ConfigError(
      `${what} (pod: "${name}_${namespace}(${podUid})", container: ${container.name})`,
    )
  }
  if (uid === undefined && context.runAsGroup === undefined) return undefined
  const { fsGroup, supplementalGroups = [] } = pod['spec'].securityContext ?? {}
  const groups = fsGroup === undefined ? supplementalGroups : [fsGroup, ...supplementalGroups]
  return { uid: uid ?? own, gid: context.runAsGroup ?? 0, groups }
}

/** It asks for the right to change its network, which it may where that is its own. */
function isAdmin({ securityContext }: ContainerFields): boolean {
  const added: readonly string[] = securityContext?.capabilities?.add ?? []
  return securityContext?.privileged === true || added.some((name) => adminNames.includes(name))
}

function terminationMount(container: ContainerFields, directory: string): ContainerMount {
  const hostPath = join(directory, 'termination-log')
  writeFileSync(hostPath, '', { mode: 0o666 })
  const containerPath: string = container['terminationMessagePath'] ?? '/dev/termination-log'
  return { containerPath, hostPath, readOnly: false }
}

/** What the container left as its last words: the message file, or the end of its log where the spec says so. */
export function terminationMessage(
  container: ContainerFields,
  run: ContainerRun,
  exit: ContainerExit,
): string {
  if (exit.startError) return exit.startError
  const file = join(run.spec.privateDirectory, 'termination-log')
  const message = readEnd(file, terminationMessageBytesMax)
  const wantsLog = container['terminationMessagePolicy'] === 'FallbackToLogsOnError'
  if (message || !wantsLog || exit.exitCode === 0) return message
  return readEnd(run.log.file, terminationMessageBytesMax / 2)
    .split('\n')
    .slice(-80)
    .map((line) => line.replace(/^\S+ \S+ [FP] /, ''))
    .join('\n')
}

function readEnd(file: string, bytes: number): string {
  try {
    return readFileSync(file).subarray(-bytes).toString()
  } catch {
    return ''
  }
}

const logDirectory = (podDirectory: string, container: string) =>
  join(podDirectory, 'logs', container)

/** Where the log of a container's n-th run lies, n from 0. */
export function logFile(podDirectory: string, container: string, restartCount: number): string {
  return join(logDirectory(podDirectory, container), `${restartCount}.log`)
}

/** Of a container's logs the present run's and the one before are kept. */
function dropOldLogs(podDirectory: string, container: string, restartCount: number): void {
  const old = logFile(podDirectory, container, restartCount - 2)
  for (const file of [old, rotatedName(old)]) rmSync(file, { force: true })
}
