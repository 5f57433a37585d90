import assert from 'node:assert/strict'
import { createDecipheriv, createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { accountOfAccessKeyId, makeAccessKeyId } from './access-key-id.ts'
import { Sealing } from './sealed-token.ts'

const key = (id: number) => ({ id, key: new Uint8Array(32).fill(id) })
const random = (size: number) => new Uint8Array(size).fill(9)

describe('sealed session tokens', () => {
  const sealing = new Sealing([key(1)], random)
  const token = sealing.sealToken('ASIAONE', 'facts: é')

  it('open to what was sealed', () => {
    assert.deepEqual(sealing.openToken('ASIAONE', token), { facts: 'facts: é' })
  })

  it('are AES-256-CTR under HMAC-SHA-256 with keys derived for each', () => {
    const hmac = (by: Uint8Array, data: string | Uint8Array) =>
      createHmac('sha256', by).update(data).digest()
    const own = new Sealing([key(1)], random)
    own.sealToken('ASIAONE', 'seventeen letters')
    const sealed = Buffer.from(own.sealToken('ASIAONE', 'text'), 'base64')
    assert.deepEqual([...sealed.subarray(0, 3)], [2, 1, 1], 'version, key, bytes to skip')
    const message = Buffer.concat([Buffer.from('\x07ASIAONE'), sealed.subarray(0, -16)])
    const tag = hmac(hmac(key(1).key, 'podpass sealed token: authenticity'), message)
    assert.deepEqual(sealed.subarray(-16), tag.subarray(0, 16))
    const encryption = hmac(key(1).key, 'podpass sealed token: encryption')
    const counter = Buffer.concat([random(12), Buffer.of(0, 0, 0, 1)])
    assert.deepEqual(sealed.subarray(3, 19), counter)
    const decipher = createDecipheriv('aes-256-ctr', encryption, counter)
    const opened = decipher.update(Buffer.concat([Buffer.alloc(1), sealed.subarray(19, -16)]))
    assert.equal(opened.subarray(1).toString(), 'text')
  })

  it('take each their own part of the key stream', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 100 }), { minLength: 1 })
    fc.assert(
      fc.property(texts, (given) => {
        const tokens = given.map((text) => sealing.sealToken('ASIAONE', `-${text}`))
        for (const [n, text] of given.entries()) {
          assert.deepEqual(sealing.openToken('ASIAONE', tokens[n] ?? ''), { facts: `-${text}` })
        }
        const places = tokens.map((sealed) => {
          const bytes = Buffer.from(sealed, 'base64')
          const from = bytes.readUInt32BE(15) * 16 + (bytes[2] ?? 0)
          return { from, to: from + bytes.length - 19 - 16 }
        })
        for (const [n, { from }] of places.entries()) {
          assert.equal(from, places[n - 1]?.to ?? from)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('belong to one access key id and one installation', () => {
    assert.deepEqual(sealing.openToken('ASIATWO', token), { refused: 'not-authentic' })
    for (const id of ['', 'ASIAONEA', '\u0141SIAONE', 'A'.repeat(300)]) {
      assert.deepEqual(sealing.openToken(id, token), { refused: 'not-authentic' }, id)
    }
    const other = new Sealing([{ id: 1, key: new Uint8Array(32).fill(8) }], random)
    assert.deepEqual(other.openToken('ASIAONE', token), { refused: 'not-authentic' })
    const foreign = new Sealing([key(2)], random).openToken('ASIAONE', token)
    assert.deepEqual(foreign, { refused: 'unknown-key' })
  })

  it('stay good while their key is known, though a newer one seals', () => {
    const rotated = new Sealing([key(2), key(1)], random)
    assert.deepEqual(rotated.openToken('ASIAONE', token), { facts: 'facts: é' })
    const next = rotated.sealToken('ASIAONE', 'x')
    assert.deepEqual(sealing.openToken('ASIAONE', next), { refused: 'unknown-key' })
  })

  it('are refused with any byte changed, and in any other spelling', () => {
    const bytes = Buffer.from(token, 'base64')
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i] = (changed[i] ?? 0) ^ 1
      assert.ok('refused' in sealing.openToken('ASIAONE', changed.toString('base64')), String(i))
    }
    const forms = [
      token.slice(0, -4),
      `${token}=`,
      `${token}\n`,
      ` ${token}`,
      '',
      'AAAA',
      token.repeat(100),
    ]
    for (const form of forms) assert.ok('refused' in sealing.openToken('ASIAONE', form))
  })

  it('need keys of 32 bytes', () => {
    assert.throws(() => new Sealing([], random), RangeError)
    assert.throws(() => new Sealing([{ id: 1, key: new Uint8Array(31) }], random), RangeError)
  })
})

describe('access key ids', () => {
  it('give their account back', () => {
    const accounts = fc.integer({ min: 0, max: 999_999_999_999 })
    const bytes = fc.uint8Array({ minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(accounts, bytes, (number, noise) => {
        const account = String(number).padStart(12, '0')
        const id = makeAccessKeyId('ASIA', account, noise)
        return /^ASIA[A-Z2-7]{16}$/.test(id) && accountOfAccessKeyId(id) === account
      }),
    )
    assert.equal(accountOfAccessKeyId('AKIA0000000000000000'), undefined)
  })

  it('are read as AWS reads them, whoever made them', () => {
    for (const [id, account] of [
      ['AKIAZZZZZZZZZZZZZZZZ', '673894223475'],
      ['ASIAZZZZZZZ0ZZZZZZZZ', '673894223425'],
      ['AKIA2222222222222222', '744830457525'],
      ['AKIA7777777777777777', '1099511627775'],
      ['AKIAQAAAAAABAAAAAAAA', '000000000002'],
      ['AKIAQAAAAAAAAAAA', '000000000000'],
      ['AKIAQAAAAAAAAAAAAAAAAAAAB', '000000000000'],
      ['AKIAQAAAAAAAAAAAAAAAAAAABB', undefined],
      ['AKIAPAAAAAAAAAAAAAAA', undefined],
      ['AKIAIOSFODNN7EXAMPLE', undefined],
      ['ABIAZZZZZZZZZZZZZZZZ', undefined],
      ['A'.repeat(128), undefined],
    ] as const) {
      assert.equal(accountOfAccessKeyId(id), account, id)
    }
  })
})
