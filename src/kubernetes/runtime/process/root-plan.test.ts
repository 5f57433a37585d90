import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { planRoot } from './root-plan.ts'

const none = {
  mounts: [],
  directories: [],
  hidden: [],
  exposed: [],
  tools: [],
  hasOwnDevices: true,
}

/** Arguments as a text that can be searched. */
const plan = (more: object) => ` ${planRoot({ ...none, ...more }).join(' ')} `

test('the host is bound read-only, its temporary and run-time directories are not', () => {
  const text = plan({})
  assert.match(text, / --ro-bind-try \/etc \/etc /)
  assert.match(text, / --tmpfs \/tmp /)
  assert.match(text, / --tmpfs \/run /)
  assert.doesNotMatch(text, /bind(-try)? \/(tmp|run|proc|dev) /)
})

test('a mount is made at the resolved path, the deeper after the shallower', () => {
  const mount = (containerPath: string) => ({ containerPath, hostPath: '/host', readOnly: true })
  const text = plan({ mounts: [mount('/run/a/b'), mount('/run/a')] })
  assert.match(
    text,
    / --dir \/run --ro-bind \/host \/run\/a --dir \/run --dir \/run\/a --ro-bind \/host \/run\/a\/b /,
  )
})

test('only a directory that lacks the mount point is taken apart', () => {
  const mounts = [{ containerPath: '/etc/podpass-none/x', hostPath: '/host', readOnly: false }]
  const text = plan({ mounts })
  assert.match(text, / --dir \/etc /)
  assert.match(text, / --ro-bind-try \/etc\/passwd \/etc\/passwd /)
  assert.match(text, / --ro-bind-try \/usr \/usr /)
  assert.match(text, / --bind \/host \/etc\/podpass-none\/x /)
})

test('programs below /tmp come back, what is hidden beside them does not', () => {
  const top = mkdtempSync('/tmp/podpass-plan-')
  const home = join(top, 'home')
  const ca = join(home, 'ca.pem')
  assert.doesNotMatch(plan({ hidden: [top] }), new RegExp(`--tmpfs ${top} `))
  const text = plan({ tools: [join(top, 'bin')], hidden: [top], exposed: [] })
  assert.match(text, new RegExp(` --ro-bind ${top} ${top} --tmpfs ${top} `))
  writeFileSync(join(top, 'ca.pem'), '')
  assert.match(
    plan({ hidden: [top], exposed: [join(top, 'ca.pem'), ca] }),
    new RegExp(` --ro-bind ${top}/ca.pem ${top}/ca.pem $`),
  )
})
