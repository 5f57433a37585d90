/** The programs that the tutorial drives: the real ones where they are, stand-ins on the same APIs where not. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node'
import { waitUntil } from '../wait.ts'

/** What a command printed and how it ended. */
export interface Result {
  readonly output: string
  readonly exitCode: number
}

/** How the tutorial reaches programs; commands run with the lab's variables. */
export interface Tools {
  readonly missing: readonly string[]
  podpass(...args: string[]): Promise<Result>
  aws(...args: string[]): Promise<Result>
  apply(manifest: PodManifest): Promise<Result>
  waitForEnd(pod: string): Promise<Result>
  logs(pod: string): Promise<Result>
}

/** A pod with a name, ready to be applied. */
export type PodManifest = V1Pod & { readonly metadata: { readonly name: string } }

const podpassProgram = fileURLToPath(new URL('../../../bin/podpass', import.meta.url))
const limitMs = 60_000

/** Runs a program to its end; both streams together, as a terminal shows them. */
export function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  input = '',
): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: limitMs,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => {
        output += chunk
      })
    }
    child.on('error', (error) => resolve({ output: error.message, exitCode: 127 }))
    child.on('close', (code) => resolve({ output, exitCode: code ?? 1 }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Tools with these variables; `has` says which programs are on PATH. */
export function tools(
  environment: Readonly<Record<string, string | undefined>>,
  has: { readonly kubectl: boolean; readonly aws: boolean },
): Tools {
  const podpass = (...args: string[]) => run(podpassProgram, args, environment)
  const kubectl = (args: string[], input?: string) => run('kubectl', args, environment, input)
  const withKubectl: Pick<Tools, 'apply' | 'waitForEnd' | 'logs'> = {
    apply: (manifest) => kubectl(['apply', '-f', '-'], JSON.stringify(manifest)),
    waitForEnd: async (pod) => {
      const path = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}'
      return kubectl(['wait', `pod/${pod}`, `--for=${path}`, '--timeout=60s'])
    },
    logs: (pod) => kubectl(['logs', pod]),
  }
  return {
    missing: (['kubectl', 'aws'] as const).filter((name) => !has[name]),
    podpass,
    aws: (...args) => (has.aws ? run('aws', args, environment) : podpass('aws', ...args)),
    ...(has.kubectl ? withKubectl : clientTools(environment)),
  }
}

/** kubectl's three steps through the Kubernetes client library. */
function clientTools(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<Tools, 'apply' | 'waitForEnd' | 'logs'> {
  let api: Promise<CoreV1Api> | undefined
  const connect = async () => {
    const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node')
    const config = new KubeConfig()
    config.loadFromFile(environment['KUBECONFIG'] ?? '')
    // The library hands its own environment to the exec plug-in, so the lab's variables go in by name.
    for (const user of config.users) {
      if (!user.exec) continue
      user.exec.env = Object.entries(environment)
        .filter(([name]) => name.startsWith('AWS_') || name === 'NODE_EXTRA_CA_CERTS')
        .map(([name, value]) => ({ name, value: value ?? '' }))
    }
    return config.makeApiClient(CoreV1Api)
  }
  const core = () => {
    api ??= connect()
    return api
  }
  const namespace = 'default'
  const attempt = async (work: () => Promise<string>): Promise<Result> => {
    try {
      return { output: await work(), exitCode: 0 }
    } catch (error) {
      return { output: error instanceof Error ? error.message : String(error), exitCode: 1 }
    }
  }
  return {
    apply: (manifest) =>
      attempt(async () => {
        await (await core()).createNamespacedPod({ namespace, body: manifest })
        return `pod/${manifest.metadata.name} created\n`
      }),
    waitForEnd: (pod) =>
      attempt(async () => {
        const client = await core()
        const ended = await waitUntil(async () => {
          const { status } = await client.readNamespacedPod({ namespace, name: pod })
          return status?.phase === 'Succeeded' || status?.phase === 'Failed'
        }, limitMs)
        if (!ended) throw new Error(`timed out waiting for pod/${pod}`)
        return `pod/${pod} condition met\n`
      }),
    logs: (pod) =>
      attempt(async () => (await core()).readNamespacedPodLog({ namespace, name: pod })),
  }
}
