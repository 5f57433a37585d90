/** Brings the peers that the benchmarks measure beside us into `.tools/`: moto, from PyPI. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', '.tools', 'moto')
const pinned = 'moto[server]==5.2.5'

for (const [command, ...args] of [
  ['python3', '-m', 'venv', folder],
  [join(folder, 'bin', 'python'), '-m', 'pip', 'install', '--disable-pip-version-check', pinned],
] as const) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
