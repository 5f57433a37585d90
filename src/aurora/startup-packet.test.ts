import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  cancelRequest,
  negotiate,
  readStartup,
  startupBytesMax,
  startupLength,
  writeStartup,
} from './startup-packet.ts'
import { int32 } from './wire.ts'

const login = (parameters: string, version = 196_608) =>
  readStartup(Buffer.concat([int32(version), Buffer.from(parameters)]))

test('a startup packet names user, database and parameters; protocol options are kept apart', () => {
  const packet = login('user\0app\0_pq_.later\x001\0application_name\0shop\0\0', 196_610)
  assert.deepEqual(packet, {
    kind: 'login',
    startup: {
      minor: 2,
      user: 'app',
      database: 'app',
      parameters: [
        ['user', 'app'],
        ['application_name', 'shop'],
      ],
      options: ['_pq_.later'],
    },
  })
})

test('what is no startup packet is refused in PostgreSQL’s words, or dropped', () => {
  const message = (packet: ReturnType<typeof login>) =>
    packet.kind === 'refused' ? packet.error.message : packet.kind
  assert.match(message(login('user\0\0\0')), /no PostgreSQL user name/)
  assert.match(message(login('database\0x\0\0')), /no PostgreSQL user name/)
  assert.match(message(login('user\0app\0')), /invalid startup packet layout/)
  assert.match(message(login('user\0app\0\0more')), /invalid startup packet layout/)
  assert.match(message(login('user\0app\0\0', 131_072)), /unsupported frontend protocol 2\.0/)
  assert.equal(message(readStartup(int32(80_877_103))), 'ssl')
  assert.equal(message(readStartup(Buffer.concat([int32(80_877_103), int32(1)]))), 'garbage')
  assert.equal(message(readStartup(Buffer.alloc(2))), 'garbage')
  for (const [length, fits] of [
    [7, false],
    [8, true],
    [startupBytesMax, true],
    [startupBytesMax + 1, false],
  ] as const) {
    assert.equal(startupLength(int32(length)) !== undefined, fits)
  }
})

test('a cancellation is read as it is written, with keys of 3.0 and of 3.2', () => {
  for (const length of [8, 36]) {
    const key = Buffer.alloc(length, 7)
    const packet = cancelRequest(key)
    assert.equal(startupLength(packet), packet.length)
    assert.deepEqual(readStartup(packet.subarray(4)), { kind: 'cancel', key })
  }
  assert.equal(readStartup(cancelRequest(Buffer.alloc(300)).subarray(4)).kind, 'garbage')
})

test('the minor version is the lesser of both sides', () => {
  const asked = (minor: number, newest: number, options: string[] = []) => {
    const { minor: spoken, answer } = negotiate({ minor, options }, newest)
    return answer ? `${spoken}, told ${answer.readUInt32BE(5) & 0xffff}` : String(spoken)
  }
  assert.equal(asked(0, 0), '0')
  assert.equal(asked(0, 2), '0')
  assert.equal(asked(2, 2), '2')
  assert.equal(asked(2, 0), '0, told 0')
  assert.equal(asked(9, 2), '2, told 2')
  assert.equal(asked(2, 2, ['_pq_.x']), '2, told 2')
})

test('whatever bytes come, reading ends with an answer', () => {
  const version = fc.constantFrom(196_608, 196_610, 80_877_102, 80_877_103, 80_877_104, 0)
  const bytes = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(version, bytes, (code, rest) => {
      const packet = readStartup(Buffer.concat([int32(code), rest]))
      assert.ok(packet.kind.length > 0)
      if (packet.kind !== 'login') return
      const again = writeStartup(packet.startup, packet.startup.minor)
      const read = readStartup(again.subarray(4))
      assert.ok(read.kind === 'login')
      assert.deepEqual(read.startup.parameters, packet.startup.parameters)
    }),
    { numRuns: 500 },
  )
})

test('what is written is read: any parameters without NUL', () => {
  const text = fc.string({ maxLength: 20 }).map((s) => s.replaceAll('\0', ''))
  const pair = fc.tuple(
    text.filter((s) => s !== '' && !s.startsWith('_pq_.')),
    text,
  )
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 8 }), (pairs) => {
      const parameters = [
        ['user', 'app'] as [string, string],
        ...pairs.filter(([n]) => n !== 'user'),
      ]
      const packet = readStartup(writeStartup({ parameters }, 0).subarray(4))
      assert.ok(packet.kind === 'login')
      assert.deepEqual(packet.startup.parameters, parameters)
    }),
    { numRuns: 200 },
  )
})
