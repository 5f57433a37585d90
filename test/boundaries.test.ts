/** Imports point one way: kernel ← chain ← oidc, aws, node, kubernetes, webhook ← lab, serve, cli; services meet in a root. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const roots = ['lab', 'serve', 'cli']
/** What every service of AWS stands on. */
const shared = ['gateway', 'protocol']

/** The room of a file: `kernel`, `aws/iam`, and `aws` for what lies directly in it. */
function roomOf(file: string): string {
  const [, first = '', second = '', ...rest] = file.split('/')
  return first === 'aws' && rest.length > 0 ? `aws/${second}` : first
}

/** Why a room may not import another; undefined when it may. */
function problem(from: string, to: string): string | undefined {
  if (from === to) return undefined
  if (from === 'kernel') return 'the kernel imports nobody'
  if (from === 'chain' && to !== 'kernel') return 'the chain imports the kernel only'
  if (roots.includes(to) && !roots.includes(from)) return 'only roots import roots'
  if ((from === 'lab' || from === 'serve') && to === 'cli') return 'the command line is on top'
  const [, service] = /^aws\/(.+)$/.exec(from) ?? []
  const [, other] = /^aws\/(.+)$/.exec(to) ?? []
  if (service && other && !shared.includes(other) && !shared.includes(service)) {
    return 'services meet in a root'
  }
  if (service && shared.includes(service) && other && !shared.includes(other)) {
    return 'the gateway knows no service'
  }
  return undefined
}

test('no import goes against the arrows', () => {
  const files = globSync('src/**/*.ts', { cwd: root }).filter(
    (file) => !/\.test\.ts$|testing/.test(file),
  )
  assert.ok(files.length > 500, 'the sources were found')
  const wrong = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const targets = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)]
    return targets.flatMap(([, target = '']) => {
      const to = roomOf(normalize(join(dirname(file), target)))
      const why = problem(roomOf(file), to)
      return why ? [`${file} imports ${target}: ${why}`] : []
    })
  })
  assert.deepEqual(wrong, [])
})
