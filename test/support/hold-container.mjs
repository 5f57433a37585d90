/** Runs one container and waits, to be killed: `node hold-container.mjs <isolation> <directory>`. */
import { silentLog } from '../../src/audit/log.ts'
import { createProcessRuntime } from '../../src/kubernetes/runtime/process/process-runtime.ts'

const [isolation, directory = ''] = process.argv.slice(2)
const runtime = await createProcessRuntime({
  path: '/usr/local/bin:/usr/bin:/bin',
  isolation,
  directory,
  log: silentLog,
})
const container = await runtime.start({
  label: 'held',
  argv: ['sh', '-c', 'trap "" TERM HUP; sleep 1000 & sleep 1000 & echo ready; wait; sleep 1000'],
  environment: {},
  hostname: 'held',
  mounts: [],
  privateDirectory: directory,
  output: () => process.stdout.write(`${container.pid}\n`),
})
await container.exit
