/**
 * Every test: `npm test`. Real clients come through tools/test-tools.ts; where one can't be had its tests are skipped
 * and say so, but in CI (CI=true) that is a failure. Ends with `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { installTestTools, testEnvironment } from './test-tools.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const missing = installTestTools()
for (const name of missing)
  process.stderr.write(`not to be had here: ${name}; its tests are skipped\n`)
const inCi = process.env['CI'] === 'true'
if (inCi && missing.length > 0) process.stderr.write('CI runs every test: this is a failure\n')

/** Tests that need what no registry has: run where the variable says where it is, else left out. */
const special: Readonly<Record<string, string>> = {
  'test/eks-terraform.test.ts': 'PODPASS_TEST_TERRAFORM_PLUGINS',
  'test/iam-terraform.test.ts': 'PODPASS_TEST_TERRAFORM_PLUGINS',
  'test/rds-terraform.test.ts': 'PODPASS_TEST_TERRAFORM_PLUGINS',
  'test/s3-terraform.test.ts': 'PODPASS_TEST_TERRAFORM_PLUGINS',
}
const isLeftOut = (file: string) => {
  const variable = special[file]
  if (variable === undefined || process.env[variable]) return false
  process.stderr.write(`left out: ${file} (set ${variable} to run it)\n`)
  return true
}

const given = process.argv.slice(2)
const files =
  given.length > 0
    ? given
    : ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'tools/*.test.ts'].flatMap(
        (pattern) =>
          globSync(pattern, { cwd: root })
            .filter((file) => !isLeftOut(file))
            .sort(),
      )
const counts = { pass: 0, fail: 0, skipped: 0 }
const child = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-timeout=240000', '--test-reporter=spec', ...files],
  {
    cwd: root,
    env: { ...testEnvironment(), PODPASS_TEST_MISSING: missing.join(',') },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
for await (const line of createInterface({ input: child.stdout })) {
  process.stdout.write(`${line}\n`)
  const count = /^ℹ (pass|fail|cancelled|skipped) (\d+)$/.exec(line)
  const [, name, number] = count ?? []
  if (name === 'pass' || name === 'skipped') counts[name] += Number(number)
  else if (name) counts.fail += Number(number)
}
const code = await new Promise<number>((resolve) => {
  if (child.exitCode !== null) resolve(child.exitCode)
  child.once('close', (status) => resolve(status ?? 1))
})
const failed = code === 0 ? counts.fail : Math.max(counts.fail, 1)
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
process.stdout.write(`\n${counts.pass} passed, ${failed} failed${skipped}\n`)
const ciFailure = inCi && (missing.length > 0 || counts.skipped > 0)
process.exitCode = failed === 0 && counts.pass > 0 && !ciFailure ? 0 : 1
