import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { qrCodePng, qrMatrix } from './qr-code.ts'

/** By the number of letters: SHA-256 of the modules that ZXing read back as the text (November 2026), a version each. */
const read: Readonly<Record<number, string>> = {
  1: '0bbc0226b601b226',
  10: 'b087a507b49890d2',
  30: 'f1812d005b649698',
  50: 'd93d5d6698d4a447',
  70: '0e24e0ef47c9f68a',
  100: '3f438ff50a2c4030',
  130: '245d921d2a65edbf',
  150: '1d5bf8c23864f015',
  180: 'd09b9a8480140003',
  225: 'c6481141f5c8ef64',
  255: '025c1b75db503456',
}

test('the modules are those that a reader took for the text', () => {
  for (const [letters, hash] of Object.entries(read)) {
    const matrix = qrMatrix(Buffer.from(`otpauth://${'x'.repeat(Number(letters))}END`))
    const rows = (matrix ?? []).map((row) => row.map(Number).join('')).join('\n')
    assert.equal(createHash('sha256').update(rows).digest('hex').slice(0, 16), hash, letters)
  }
})

test('a text of more than 271 bytes has no code here', () => {
  const png = qrCodePng('x'.repeat(271))
  assert.deepEqual([...(png ?? [])].slice(0, 4), [0x89, 0x50, 0x4e, 0x47])
  assert.equal(qrCodePng('x'.repeat(272)), undefined)
})
