/**
 * Makes data/kubernetes/roles.json.br: the roles and bindings that every cluster has from its first moment, as the Go
 * module k8s.io/kubernetes lists them. Those of controllers are left out: here they are the server's own.
 * Run `bin/node tools/kubernetes-roles.ts`; `--verify` only says whether the file is fresh.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { parse } from 'yaml'

const version = 'v1.32.5'
const folder = 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata'
const target = join(import.meta.dirname, '../data/kubernetes/roles.json.br')
const lists = {
  clusterroles: 'cluster-roles',
  clusterrolebindings: 'cluster-role-bindings',
  roles: 'namespace-roles',
  rolebindings: 'namespace-role-bindings',
}

interface Item {
  readonly metadata: Record<string, unknown>
  readonly apiVersion: string
  readonly kind: string
}

function moduleDirectory(): string {
  const module = `k8s.io/kubernetes@${version}`
  const answer = execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8' })
  return JSON.parse(answer).Dir
}

function readList(directory: string, name: string): object[] {
  const { items } = parse(readFileSync(join(directory, folder, `${name}.yaml`), 'utf8'))
  return (items as Item[]).map(({ metadata, apiVersion: _, kind: _kind, ...rest }) => {
    const { creationTimestamp: _time, ...kept } = metadata
    return { metadata: kept, ...rest }
  })
}

const directory = moduleDirectory()
const made = {
  source: `k8s.io/kubernetes ${version}`,
  ...Object.fromEntries(
    Object.entries(lists).map(([resource, name]) => [resource, readList(directory, name)]),
  ),
}
const text = JSON.stringify(made)
if (process.argv.includes('--verify')) {
  if (brotliDecompressSync(readFileSync(target)).toString() !== text) {
    console.error(`roles.json.br is not what ${version} gives: run tools/kubernetes-roles.ts`)
    process.exitCode = 1
  }
} else {
  const bytes = brotliCompressSync(text)
  writeFileSync(target, bytes)
  console.log(`roles.json.br ${bytes.length} bytes`)
}
