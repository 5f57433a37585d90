/** Machines that lack a tool: the tutorial still runs, and says which real tool it missed. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ok, podpassProgram, run } from './support/lab.ts'

/** A PATH with nothing but these programs of the machine. */
function pathWith(...names: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'podpass-path-'))
  for (const name of names) {
    const found = ['/usr/bin', '/bin', '/usr/sbin'].map((d) => join(d, name)).find(existsSync)
    if (found) symlinkSync(found, join(directory, name))
  }
  return directory
}

const basics = ['sh', 'readlink', 'dirname', 'cat', 'bwrap', 'unshare', 'nsenter', 'setpriv']

for (const [title, path] of [
  ['bubblewrap', pathWith(...basics)],
  ['no namespaces at all', pathWith('sh', 'readlink', 'dirname', 'cat')],
] as const) {
  test(`without kubectl and aws, with ${title}, the tutorial runs and says what it missed`, async () => {
    const environment = { ...process.env, PATH: path }
    const { stdout } = ok(await run(podpassProgram, ['tutorial'], { environment }))
    assert.match(stdout, /no kubectl on PATH/)
    assert.match(stdout, /no aws on PATH/)
    assert.match(
      stdout,
      /An error occurred \(AccessDenied\) when calling the ListBuckets operation/,
    )
    assert.match(stdout, /every step ended as it should/)
    rmSync(path, { recursive: true })
  })
}
