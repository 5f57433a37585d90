import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createImageMap, normalizeImage, parseImageFile } from './images.ts'

const path = '/usr/local/bin:/usr/bin:/bin'

test('an image is known by its name, whatever its registry prefix, tag and digest', () => {
  const digest = `@sha256:${'a'.repeat(64)}`
  for (const [image, bare] of [
    ['busybox', 'busybox'],
    ['busybox:1.36', 'busybox'],
    ['docker.io/library/busybox:1.36', 'busybox'],
    ['docker.io/amazon/aws-cli:2.15', 'amazon/aws-cli'],
    ['public.ecr.aws/docker/library/python:3', 'python'],
    [`ubuntu:24.04${digest}`, 'ubuntu'],
    ['localhost:5000/team/app:1', 'localhost:5000/team/app'],
  ] as const) {
    assert.equal(normalizeImage(image)?.bare, bare, image)
  }
  for (const image of ['', 'UPPER', 'a b', ':tag', 'x:'] as const) {
    assert.equal(normalizeImage(image), undefined, image)
  }
})

test('a known image resolves to its command, default arguments and the file behind it', () => {
  const map = createImageMap({ path })
  const found = map.resolve('busybox:1.36')
  assert.ok('entrypoint' in found)
  assert.deepEqual([found.entrypoint, found.defaultArgs], [[], ['sh']])
  assert.match(found.id, /^host-command:\/\/\/.*sh$/)
})

test('entries given by the lab replace built-in ones', () => {
  const map = createImageMap({
    path,
    entries: { 'amazon/aws-cli': { entrypoint: ['/bin/sh', 'small-aws'] } },
  })
  const found = map.resolve('amazon/aws-cli:latest')
  assert.deepEqual('entrypoint' in found && found.entrypoint, ['/bin/sh', 'small-aws'])
})

test('an unknown image is refused with the images there are and the file to add it to', () => {
  const map = createImageMap({ path, file: '/nowhere/images.yaml' })
  const found = map.resolve('nginx:1')
  assert.ok('why' in found)
  assert.match(found.why, /no command for image "nginx:1".* amazon\/aws-cli, .* busybox, .*/)
  assert.match(found.why, /write "nginx:1: \/path\/to\/command" in \/nowhere\/images\.yaml$/)
})

test('an image whose command is not installed says so', () => {
  const map = createImageMap({ path, entries: { app: { entrypoint: ['no-such-command'] } } })
  const found = map.resolve('app')
  assert.ok('why' in found)
  assert.match(
    found.why,
    /stands for the command `no-such-command`, which this machine does not have/,
  )
})

test('the file is read again when it changes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'podpass-images-'))
  const file = join(directory, 'images.yaml')
  const map = createImageMap({ path, file })
  assert.ok('why' in map.resolve('nginx'))
  writeFileSync(file, 'nginx: /bin/sh -c true\nnginx:special: {args: [cat], env: {A: b}}\n')
  const found = map.resolve('nginx:1.27')
  assert.deepEqual('entrypoint' in found && found.entrypoint, ['/bin/sh', '-c', 'true'])
  const special = map.resolve('nginx:special')
  assert.deepEqual('entrypoint' in special && special.environment, { A: 'b' })
  rmSync(directory, { recursive: true })
})

test('a file that is not understood spoils only what is wrong in it', () => {
  assert.match(parseImageFile('a: [').problem ?? '', /./)
  assert.match(parseImageFile('- a').problem ?? '', /not a map/)
  const { entries, problem } = parseImageFile('good: sh\nbad: 3\nworse: {entry: x}\n')
  assert.deepEqual([...entries.keys()], ['good'])
  assert.match(problem ?? '', /`bad`.*`worse`/)
  assert.deepEqual(parseImageFile('').entries.size, 0)
})
