import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podIdentityStatement, podIdentityTrust } from './pod-identity.ts'
import { migratedTrust } from './trust-document.ts'

const provider = 'arn:aws:iam::111122223333:oidc-provider/localhost/id/A'
const federated = {
  Effect: 'Allow',
  Principal: { Federated: provider },
  Action: 'sts:AssumeRoleWithWebIdentity',
}
const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const statements = (text = '') => (JSON.parse(text) as { Statement: object[] }).Statement

test('EKS Pod Identity is let in beside what was trusted', () => {
  assert.deepEqual(statements(migratedTrust(document(federated))), [
    federated,
    podIdentityStatement,
  ])
  const single = JSON.stringify({ Statement: federated })
  assert.equal(statements(migratedTrust(single)).length, 2)
})

test('who is let in already is not let in twice', () => {
  assert.equal(migratedTrust(podIdentityTrust()), undefined)
})

test('only what trusts that provider alone is taken away', () => {
  const other = { ...federated, Principal: { Federated: `${provider}B` } }
  const deny = { ...federated, Effect: 'Deny' }
  const both = { ...federated, Principal: { Federated: [provider, `${provider}B`] } }
  const text = document(federated, other, deny, both, podIdentityStatement)
  assert.deepEqual(statements(migratedTrust(text, provider)), [
    other,
    deny,
    both,
    podIdentityStatement,
  ])
})
