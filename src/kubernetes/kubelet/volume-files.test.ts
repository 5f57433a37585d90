import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeVolume } from './volume-files.ts'

const at = Date.UTC(2026, 0, 31, 12, 0, 0, 123)
const file = (text: string, mode = 0o644) => ({ data: Buffer.from(text), mode })
const open = () => join(mkdtempSync(join(tmpdir(), 'podpass-volume-')), 'v')

test('files are links through ..data into a directory named by the time', () => {
  const directory = open()
  writeVolume(
    directory,
    new Map([
      ['token', file('t', 0o600)],
      ['deep/er/file', file('d')],
    ]),
    at,
  )
  assert.deepEqual(readdirSync(directory).sort(), [
    '..2026_01_31_12_00_00.123000000',
    '..data',
    'deep',
    'token',
  ])
  assert.equal(readlinkSync(join(directory, 'token')), '..data/token')
  assert.equal(readlinkSync(join(directory, '..data')), '..2026_01_31_12_00_00.123000000')
  assert.equal(readFileSync(join(directory, 'deep/er/file'), 'utf8'), 'd')
  assert.equal(statSync(join(directory, 'token')).mode & 0o777, 0o600)
  assert.equal(statSync(join(directory, 'deep/er/file')).mode & 0o777, 0o644)
})

test('new content swings the link and leaves nothing of the old behind', () => {
  const directory = open()
  writeVolume(
    directory,
    new Map([
      ['a', file('1')],
      ['b', file('1')],
    ]),
    at,
  )
  assert.equal(
    writeVolume(
      directory,
      new Map([
        ['a', file('2')],
        ['c', file('2')],
      ]),
      at,
    ),
    true,
  )
  assert.deepEqual(readdirSync(directory).sort(), [
    '..2026_01_31_12_00_00.123000001',
    '..data',
    'a',
    'c',
  ])
  assert.equal(readFileSync(join(directory, 'a'), 'utf8'), '2')
})

test('the same content touches nothing', () => {
  const directory = open()
  const content = new Map([
    ['a', file('1')],
    ['d/b', file('1', 0o400)],
  ])
  assert.equal(writeVolume(directory, content, at), true)
  const before = readlinkSync(join(directory, '..data'))
  assert.equal(writeVolume(directory, content, at + 1000), false)
  assert.equal(readlinkSync(join(directory, '..data')), before)
  assert.equal(writeVolume(directory, new Map([['a', file('1', 0o600)]]), at + 1000), true)
})
