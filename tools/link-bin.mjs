// Puts `podpass` into this clone's own node_modules/.bin, which npm does for dependencies only.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
if (existsSync(join(root, 'src'))) {
  const bin = join(root, 'node_modules', '.bin')
  mkdirSync(bin, { recursive: true })
  rmSync(join(bin, 'podpass'), { force: true })
  symlinkSync('../../bin/podpass', join(bin, 'podpass'))
  // Fills the compile cache, so that already the first command is quick; a failure here shows when it is used.
  spawnSync(join(root, 'bin', 'podpass'), ['--help'], { stdio: 'ignore' })
}
