import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../clock/manual-clock.ts'
import { createCertificateAuthority } from '../x509/authority.ts'
import type { KeyPair } from '../x509/certificate-port.ts'
import { followCertificate } from './certificate-files.ts'

async function world() {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const authority = await createCertificateAuthority({ commonName: 'test', clock })
  const issue = () => authority.issueServer({ names: ['localhost'], addresses: [] })
  const files: { pair: KeyPair | undefined; broken?: string } = { pair: await issue() }
  const used: KeyPair[] = []
  const said: string[] = []
  const say = (facts: object, text?: string) =>
    void said.push([text, ...Object.values(facts).slice(0, 1)].join(': '))
  const log = { debug: say, info: say, warn: say, error: say }
  const following = followCertificate({
    current: files.pair as KeyPair,
    read: () => {
      if (files.broken) throw new Error(files.broken)
      return files.pair
    },
    use: (tls) => void used.push(tls),
    ...{ everyMs: 60_000, clock, log },
  })
  return { clock, files, issue, used, said, following }
}

test('another certificate is taken by itself within the time, and at once when asked', async () => {
  const { clock, files, issue, used, said, following } = await world()
  clock.advance(60_000)
  following.check()
  assert.deepEqual([used, said], [[], []])
  const [second, third] = [await issue(), await issue()]
  files.pair = second
  clock.advance(59_999)
  assert.equal(used.length, 0)
  clock.advance(1)
  assert.deepEqual(used, [second])
  files.pair = third
  following.check()
  assert.deepEqual(used, [second, third])
  assert.match(said[0] ?? '', /^the certificate was replaced: /)
  following[Symbol.dispose]()
  files.pair = await issue()
  clock.advance(600_000)
  assert.equal(used.length, 2)
})

test('files that are no good change nothing, and are said once', async () => {
  const { clock, files, issue, used, said, following } = await world()
  files.broken = 'half written'
  clock.advance(180_000)
  assert.deepEqual([used.length, said.length], [0, 1])
  assert.equal(said[0], 'the certificate stays: another is no good: half written')
  delete files.broken
  files.pair = await issue()
  clock.advance(60_000)
  assert.equal(used.length, 1)
  following[Symbol.dispose]()
})
