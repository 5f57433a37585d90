import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewritePaths } from './rewrite-paths.ts'

const mounts = [
  { containerPath: '/data', hostPath: '/host/v1', readOnly: false },
  { containerPath: '/data/deep', hostPath: '/host/v2', readOnly: false },
  { containerPath: '/var/run/secrets/x.y', hostPath: '/host/v3', readOnly: true },
]

test('paths of mounts are replaced where they stand as paths, and nowhere else', () => {
  for (const [text, expected] of [
    ['/data', '/host/v1'],
    ['/data/a/b', '/host/v1/a/b'],
    ['/data/deep/a', '/host/v2/a'],
    ['--dir=/data:/data/deep', '--dir=/host/v1:/host/v2'],
    ['file:///data/cert', 'file:///host/v1/cert'],
    ["cat '/data/x' >/data/y", "cat '/host/v1/x' >/host/v1/y"],
    ['/var/run/secrets/x.y/token', '/host/v3/token'],
    ['/database', '/database'],
    ['/data-old', '/data-old'],
    ['/data.old', '/data.old'],
    ['/mnt/data', '/mnt/data'],
    ['https://example.com/data', 'https://example.com/data'],
    ['/var/run/secrets/xzy/token', '/var/run/secrets/xzy/token'],
    ['no path', 'no path'],
  ] as const) {
    assert.equal(rewritePaths(text, mounts), expected)
  }
})
