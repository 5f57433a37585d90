import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { ManualClock } from '../../clock/manual-clock.ts'
import { allowing, MemoryIdentities, testAccount } from '../gateway/testing.ts'
import type { MfaProof, MfaVerdict } from '../identities.ts'
import { call, credentialsOf, refused, type Values } from './query-client.testing.ts'
import { startTestSts, type TestSts, trusting } from './testing.ts'

const SerialNumber = `arn:aws:iam::${testAccount}:mfa/dora`
const dora = { accessKeyId: 'AKIADORAAAAAAAAAAAAA', secretAccessKey: 'dora-secret' }

/** Dora's device shows each of `codes` once. */
class WithDevice extends MemoryIdentities {
  readonly codes = new Set<string>()

  mfaCode({ serial, code }: MfaProof): MfaVerdict {
    if (serial !== SerialNumber) return 'no-device'
    return this.codes.has(code) ? 'valid' : 'wrong-code'
  }

  async takeMfaCode(proof: MfaProof): Promise<MfaVerdict> {
    const verdict = this.mfaCode(proof)
    this.codes.delete(proof.code)
    return verdict
  }
}

const clock = new ManualClock(Date.now())
const identities = new WithDevice()
let sts: TestSts
before(async () => {
  identities.addUser('dora', dora, allowing('sts:*'))
  sts = await startTestSts({ clock, identities })
  const trust = (Condition: object) =>
    trusting({ AWS: `arn:aws:iam::${testAccount}:root` }, Condition)
  const present = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }
  const recent = { NumericLessThan: { 'aws:MultiFactorAuthAge': '300' } }
  identities.addRole('guarded', [allowing('sts:*')], { trustPolicy: trust(present) })
  identities.addRole('recent', [], { trustPolicy: trust(recent) })
})
after(() => sts[Symbol.asyncDispose]())

const assume = (role: string, more: Values = {}, credentials = dora) =>
  call(
    sts,
    'AssumeRole',
    { RoleArn: `arn:aws:iam::${testAccount}:role/${role}`, RoleSessionName: 'sess', ...more },
    credentials,
  )

it('AssumeRole takes a code once, and the trust policy sees it', async () => {
  identities.codes.add('123456')
  const denied = /not authorized to perform: sts:AssumeRole/
  await refused(assume('guarded'), 403, 'AccessDenied', denied)
  const given = { SerialNumber, TokenCode: '123456' }
  const session = await assume('guarded', given)
  assert.equal(session.status, 200, session.text)
  // What that session does is done with MFA; what the next one in the chain does is not.
  const next = await assume('guarded', {}, credentialsOf(session))
  assert.equal(next.status, 200, next.text)
  await refused(assume('guarded', {}, credentialsOf(next)), 403, 'AccessDenied', denied)
  await refused(
    assume('guarded', given),
    403,
    'AccessDenied',
    'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
  )
})

it('a session of a user keeps that he gave a code, and its age', async () => {
  identities.codes.add('654321')
  const given = { SerialNumber, TokenCode: '654321' }
  const credentials = credentialsOf(await call(sts, 'GetSessionToken', given, dora))
  for (const role of ['guarded', 'recent']) {
    assert.equal((await assume(role, {}, credentials)).status, 200, role)
  }
  clock.advance(300_000)
  assert.equal((await assume('guarded', {}, credentials)).status, 200)
  await refused(assume('recent', {}, credentials), 403, 'AccessDenied')
  const plain = credentialsOf(await call(sts, 'GetSessionToken', {}, dora))
  await refused(assume('guarded', {}, plain), 403, 'AccessDenied')
})

it('what proves nothing is refused with AWS’s texts', async () => {
  for (const [given, how] of [
    [{ SerialNumber }, ', must provide both MFA serial number and one time pass code.'],
    [{ TokenCode: '111111' }, ', must provide both MFA serial number and one time pass code.'],
    [{ SerialNumber, TokenCode: '111111' }, ' with invalid MFA one time pass code. '],
    [
      { SerialNumber: `${SerialNumber}x`, TokenCode: '111111' },
      ', unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    ],
  ] as const) {
    const text = `MultiFactorAuthentication failed${how}`
    await refused(call(sts, 'GetSessionToken', given, dora), 403, 'AccessDenied', text)
    await refused(assume('guarded', given), 403, 'AccessDenied', text)
  }
})
