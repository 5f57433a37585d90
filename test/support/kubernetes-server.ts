/** A Kubernetes API server for tests, with the real kubectl in front of it. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/audit/log.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { type ApiServerOptions, startApiServer } from '../../src/kubernetes/api/api-server.ts'
import { openIssuer } from '../../src/oidc/issuer.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createCertificateAuthority } from '../../src/x509/authority.ts'

/** Wall time; what is scheduled does not keep the process alive. */
export const wallClock: Clock = {
  now: () => Date.now(),
  schedule(at, task) {
    const timer = setTimeout(task, Math.min(at - Date.now(), 2 ** 31 - 1))
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Starts a server with an administrator's kubeconfig in a temporary folder. */
export async function startTestServer(more: Partial<ApiServerOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'podpass-kubernetes-'))
  const clock = more.clock ?? wallClock
  const store = openSqliteStore({ path: ':memory:', now: () => clock.now() })
  const ca = await createCertificateAuthority({ commonName: 'kubernetes', clock: wallClock })
  const url = 'https://localhost:4567/id/TEST'
  const issuer = await openIssuer({ store, prefix: '/oidc/test', url, clock })
  const server = await startApiServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    store,
    prefix: '/clusters/test',
    clock,
    ca,
    issuer,
    log: silentLog,
    ...more,
  })
  const admin = await ca.issueClient({ commonName: 'admin', organizations: ['system:masters'] })
  const kubeconfig = join(directory, 'kubeconfig')
  await writeFile(
    kubeconfig,
    kubeconfigFor(server.url, ca.certPem, { cert: admin.cert, key: admin.key }),
  )
  const run = (args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) =>
    runCommand('kubectl', ['--cache-dir', join(directory, 'cache'), ...args], input, {
      KUBECONFIG: kubeconfig,
      ...env,
    })
  return {
    ...server,
    server,
    ca,
    issuer,
    store,
    admin,
    directory,
    kubeconfig,
    kubectl: run,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await (issuer as Partial<AsyncDisposable>)[Symbol.asyncDispose]?.()
      await store[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A kubeconfig (JSON is YAML) for a client certificate or a token. */
export function kubeconfigFor(
  server: string,
  caPem: string,
  user: { cert: string; key: string } | { token: string },
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [
      {
        name: 'u',
        user:
          'token' in user
            ? user
            : {
                'client-certificate-data': base64(user.cert),
                'client-key-data': base64(user.key),
              },
      },
    ],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}

/** Runs a program to its end; stdin is `input`. */
export function runCommand(
  program: string,
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
