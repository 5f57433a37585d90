/** Runs one container with two further commands in it and waits, to be killed: `node hold-container.mjs <isolation> <directory>`. */
import { silentLog } from '../../src/audit/log.ts'
import { createProcessRuntime } from '../../src/kubernetes/runtime/process/process-runtime.ts'

const [isolation, directory = ''] = process.argv.slice(2)
const runtime = await createProcessRuntime({
  path: '/usr/local/bin:/usr/bin:/bin',
  isolation,
  directory,
  log: silentLog,
})
const script = 'trap "" TERM HUP; sleep 1000 & sleep 1000 & echo ready; wait; sleep 1000'
let waiting = 3
const ready = Promise.withResolvers()
const output = () => {
  if (--waiting === 0) ready.resolve()
}
const spec = {
  label: 'held',
  argv: ['sh', '-c', script],
  environment: {},
  hostname: 'held',
  mounts: [],
  privateDirectory: directory,
  output,
}
const container = await runtime.start(spec)
const { signal } = new AbortController()
for (const more of [{}, { terminal: { onSize() {} } }]) {
  void runtime.execute(container, spec, spec.argv, { output, signal, ...more })
}
await ready.promise
process.stdout.write('ready\n')
await container.exit
