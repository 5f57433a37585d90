/** What no linter knows: lengths, words, documents. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const sources = files.filter((file) => /^(src|test|tools|bench)\/.*\.ts$/.test(file))
const documents = files.filter((file) => file.endsWith('.md'))

/** Generated tables may be long. */
const generated = /\.gen\.ts$/

test('no file is longer than 400 lines', () => {
  const long = sources
    .filter((file) => !generated.test(file))
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
    .filter(({ lines }) => lines > 400)
  assert.deepEqual(long, [])
})

test('every source begins with a sentence that says what it is for', () => {
  const silent = sources.filter(
    (file) =>
      file.startsWith('src/') &&
      !generated.test(file) &&
      // An operation's file is its exported value, which says it.
      !/\/(operations|resources)\//.test(file) &&
      !/\.test(ing)?\.ts$/.test(file) &&
      !/^(#!.*\n)?(\/\/ biome-ignore.*\n)*\/\*\*/.test(read(file)),
  )
  assert.deepEqual(silent, [])
})

test('names that say nothing, unfinished marks and paths of one machine are not used', () => {
  const names = sources.filter((file) => /\/(utils|helpers|manager|common|impl)\.ts$/.test(file))
  assert.deepEqual(names, [])
  const marks = sources.filter(
    (file) => file.startsWith('src/') && /\b(TODO|FIXME|XXX)\b/.test(read(file)),
  )
  assert.deepEqual(marks, [])
  const paths = files.filter(
    (file) =>
      /^(src|docs|bench|README|ARCHITECTURE|CONTRIBUTING)/.test(file) &&
      !file.endsWith('.br') &&
      /[^a-zA-Z0-9._-]\/(root|work)\/[A-Za-z0-9]/.test(read(file)),
  )
  assert.deepEqual(paths, [])
})

test('a module exports by name only, and default exports are none', () => {
  const defaults = sources.filter((file) => /^export default /m.test(read(file)))
  assert.deepEqual(defaults, [])
})

test('every document has one title, and its links lead somewhere', () => {
  for (const file of documents) {
    const text = read(file).replace(/```[\s\S]*?```/g, '')
    assert.equal(text.match(/^# /gm)?.length, 1, `${file}: titles`)
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      assert.ok(existsSync(join(root, dirname(file), target)), `${file}: ${target}`)
    }
  }
})
