/** A lab of its own for a test file: started in the background on free ports, driven by the real clients, stopped at the end. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const podpassProgram = fileURLToPath(new URL('../../bin/podpass', import.meta.url))

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface TestLab extends AsyncDisposable {
  readonly home: string
  /** What `podpass env` exports, over the test's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
  run(program: string, args: readonly string[], options?: RunOptions): Promise<CommandResult>
  podpass(...args: string[]): Promise<CommandResult>
  kubectl(...args: string[]): Promise<CommandResult>
  aws(...args: string[]): Promise<CommandResult>
  /** A command line for a shell, as a person types it after `eval "$(podpass env)"`. */
  shell(line: string): Promise<CommandResult>
  /** Applies a manifest given as an object; fails the test when kubectl refuses it. */
  apply(manifest: object): Promise<void>
  /** Waits until a pod has ended and answers its log. */
  logsOfEnded(pod: string, namespace?: string): Promise<string>
}

interface RunOptions {
  readonly input?: string
  /** Default: two minutes. */
  readonly timeoutMs?: number
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Runs a program to its end; never rejects. */
export function run(
  program: string,
  args: readonly string[],
  { input = '', environment = process.env, timeoutMs = 120_000 }: RunOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { env: environment, maxBuffer: 64 * 1024 * 1024, timeout: timeoutMs },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
        resolve({ code, stdout, stderr: error && code === 1 && !stderr ? error.message : stderr })
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Throws with both streams where a command did not end with exit code 0. */
export function ok(result: CommandResult): CommandResult {
  if (result.code !== 0) throw new Error(`exit ${result.code}\n${result.stdout}${result.stderr}`)
  return result
}

/** Starts a lab; `path` replaces PATH, to test machines that lack a tool. */
export async function startTestLab(
  options: { path?: string; home?: string; podNetwork?: 'namespaces' | 'host' } = {},
): Promise<TestLab> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'podpass-test-'))
  const base = {
    ...process.env,
    PODPASS_HOME: home,
    ...(options.path !== undefined && { PATH: options.path }),
  }
  for (const name of Object.keys(base)) if (name.startsWith('AWS_')) delete base[name as 'PATH']
  const up = ['up', '-d', '--aws-port', '0', '--issuer-port', '0', '--kubernetes-port', '0']
  if (options.podNetwork) up.push('--pod-network', options.podNetwork)
  ok(await run(podpassProgram, up, { environment: base }))
  const shown = ok(await run(podpassProgram, ['env', '--output', 'json'], { environment: base }))
  const environment = { ...base, ...(JSON.parse(shown.stdout) as Record<string, string>) }
  const lab: TestLab = {
    home,
    environment,
    run: (program, args, more) => run(program, args, { environment, ...more }),
    podpass: (...args) => run(podpassProgram, args, { environment }),
    kubectl: (...args) => run('kubectl', args, { environment }),
    aws: (...args) => run('aws', args, { environment }),
    shell: (line) => run('bash', ['-euo', 'pipefail', '-c', line], { environment }),
    async apply(manifest) {
      ok(
        await run('kubectl', ['apply', '-f', '-'], {
          environment,
          input: JSON.stringify(manifest),
        }),
      )
    },
    async logsOfEnded(pod, namespace = 'default') {
      const ended = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}'
      const args = ['wait', `pod/${pod}`, '-n', namespace, `--for=${ended}`, '--timeout=60s']
      ok(await run('kubectl', args, { environment }))
      return ok(await run('kubectl', ['logs', pod, '-n', namespace], { environment })).stdout
    },
    async [Symbol.asyncDispose]() {
      await run(podpassProgram, ['down'], { environment })
      rmSync(home, { recursive: true, force: true })
    },
  }
  return lab
}

/** Starts a program and leaves it running; for tests that kill it. */
export function start(program: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
  return spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A pod that runs the AWS command line. */
export function awsPod(
  name: string,
  more: {
    namespace?: string
    serviceAccountName?: string
    args?: string[]
    [field: string]: unknown
  } = {},
): object {
  const { namespace = 'default', args = ['s3', 'ls'], ...spec } = more
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'amazon/aws-cli:latest', args }],
      ...spec,
    },
  }
}
