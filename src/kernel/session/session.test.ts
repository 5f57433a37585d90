import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { accountOfAccessKeyId, makeAccessKeyId } from './access-key-id.ts'
import { Sealing } from './sealed-token.ts'

const key = (id: number) => ({ id, key: new Uint8Array(32).fill(id) })
const random = new Uint8Array(12).fill(9)

describe('sealed session tokens', () => {
  const sealing = new Sealing([key(1)])
  const { token, secretAccessKey } = sealing.sealToken('ASIAONE', 'facts: é', random)

  it('open to what was sealed, with the same secret', () => {
    assert.deepEqual(sealing.openToken('ASIAONE', token), { facts: 'facts: é', secretAccessKey })
    assert.match(secretAccessKey, /^[A-Za-z0-9+/]{40}$/)
  })

  it('give as secret the HMAC of the access key id', () => {
    const hmac = (by: Uint8Array, text: string) => createHmac('sha256', by).update(text).digest()
    const derived = hmac(key(1).key, 'podpass secret access key')
    assert.equal(secretAccessKey, hmac(derived, 'ASIAONE').toString('base64').slice(0, 40))
  })

  it('belong to one access key id and one installation', () => {
    assert.deepEqual(sealing.openToken('ASIATWO', token), { refused: 'not-authentic' })
    const other = new Sealing([{ id: 1, key: new Uint8Array(32).fill(8) }])
    assert.deepEqual(other.openToken('ASIAONE', token), { refused: 'not-authentic' })
    assert.deepEqual(new Sealing([key(2)]).openToken('ASIAONE', token), { refused: 'unknown-key' })
  })

  it('stay good while their key is known, though a newer one seals', () => {
    const rotated = new Sealing([key(2), key(1)])
    assert.deepEqual(rotated.openToken('ASIAONE', token), { facts: 'facts: é', secretAccessKey })
    const next = rotated.sealToken('ASIAONE', 'x', random)
    assert.notEqual(next.secretAccessKey, secretAccessKey)
    assert.deepEqual(sealing.openToken('ASIAONE', next.token), { refused: 'unknown-key' })
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
    assert.throws(() => new Sealing([]), RangeError)
    assert.throws(() => new Sealing([{ id: 1, key: new Uint8Array(31) }]), RangeError)
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
