import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScramClient, scramVerifier } from './scram.ts'

// RFC 7677, section 3; PostgreSQL leaves the name empty, so that the proof differs from the RFC's own.
const nonce = 'rOprNGfwEbeRWgbNEkqO'
const serverFirst =
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'

test('the verifier is the one that PostgreSQL computes', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  assert.equal(
    await scramVerifier('pencil', { salt }),
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('a server that answers with another nonce or without the password is not believed', async () => {
  const client = new ScramClient('pencil', nonce)
  assert.equal(client.first(), `n,,n=,r=${nonce}`)
  const final = await client.final(serverFirst)
  assert.match(
    final,
    /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/=]{44}$/,
  )
  assert.throws(() => client.verify('v=AAAA'), /does not know the password/)
  const strangers = [
    serverFirst.replace('r=rOp', 'r=xxx'),
    `r=${nonce},s=AAAA,i=4096`,
    serverFirst.replace('i=4096', 'i=0'),
    serverFirst.replace('i=4096', 'i=9999999'),
    'e=other-error',
  ]
  for (const first of strangers) await assert.rejects(client.final(first), /^Error: SCRAM: /)
})
