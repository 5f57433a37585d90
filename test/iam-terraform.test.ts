/** Terraform as the judge of IAM: its resources and data sources, made, changed in place, imported and destroyed. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createCertificateAuthority } from '../src/x509/authority.ts'
import { ok, startTestLab, type TestLab } from './support/lab.ts'
import { noTerraform, type StateResource, startTerraform } from './support/terraform.ts'

const skip = noTerraform()
const account = 'arn:aws:iam::111122223333'
let lab: TestLab
before(async () => {
  if (!skip) lab = await startTestLab()
})
after(() => lab?.[Symbol.asyncDispose]())

test('Terraform makes, changes, imports and destroys what IAM has', { skip }, async (t) => {
  const setup = {
    configuration: 'iam-terraform',
    environment: lab.environment,
    variables: await credentials(),
  }
  const first = await startTerraform(t, setup)
  assert.equal(await first.apply(), '37 added, 0 changed, 0 destroyed')
  await first.expectNoChanges()
  const { roles, ...shown } = await first.outputs()
  assert.equal((roles as unknown[]).length, 4)
  assert.deepEqual(shown, {
    caller: `${account}:user/administrator`,
    me: `${account}:user/administrator`,
    session: `${account}:role/team/tf-irsa`,
    provider: `${account}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE`,
    users: ['tf-ann', 'tf-bob'],
    group: ['tf-ann', 'tf-bob'],
    policies: [`${account}:policy/team/tf-read`, 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
    simulated: {
      's3:DeleteObject arn:aws:s3:::bucket/b/key': 'implicitDeny',
      's3:GetObject arn:aws:s3:::bucket/b/key': 'allowed',
    },
  })

  const changed = ['-var', 'changed=true']
  assert.match(await first.apply(...changed), /^0 added, \d+ changed, 0 destroyed$/)
  await first.expectNoChanges(...changed)
  const trusting = ok(await lab.aws('iam', 'get-role', '--role-name', 'tf-trusting')).stdout
  assert.match(trusting, /user\/people\/tf-anna"/)

  const imports = importsOf(await first.state())
  const second = await startTerraform(t, { ...setup, files: { 'imports.tf': imports.join('\n') } })
  const sum = `${imports.length} imported, ${37 - imports.length} added, 0 changed, 0 destroyed`
  assert.equal(await second.apply(...changed), sum)
  await second.expectNoChanges(...changed)
  assert.equal(await second.apply('-destroy', ...changed), '0 added, 0 changed, 37 destroyed')
  for (const list of [
    'list-users',
    'list-roles',
    'list-groups',
    'list-policies --scope Local',
    'list-instance-profiles',
    'list-open-id-connect-providers',
    'list-saml-providers',
    'list-server-certificates',
    'list-virtual-mfa-devices',
    'list-account-aliases',
  ]) {
    const left = ok(await lab.aws('iam', ...list.split(' '))).stdout
    assert.doesNotMatch(left, /tf-|ServiceRole/, list)
  }
})

/** What people bring along: an SSH key, a certificate with its key, the metadata of an identity provider. */
async function credentials(): Promise<Readonly<Record<string, string>>> {
  const clock = { now: () => performance.timeOrigin + performance.now() }
  const authority = await createCertificateAuthority({ commonName: 'test', clock })
  const { cert, key } = await authority.issueServer({ names: ['localhost'], addresses: [] })
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const parts = [Buffer.from('ssh-rsa'), Buffer.from(e, 'base64url'), positive(n)]
  const body = Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]))
  return {
    ssh_key: `ssh-rsa ${body.toString('base64')}`,
    certificate: `${cert.split('-----END')[0]}-----END CERTIFICATE-----\n`,
    certificate_key: key,
    saml_metadata: `<?xml version="1.0"?><!-- ${'x'.repeat(1000)} --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/saml" validUntil="2040-01-02T03:04:05Z"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>`,
  }
}

/** A number as SSH writes it, with a zero in front where it would look negative. */
function positive(number: string): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.from(number, 'base64url')])
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return length
}

/** Import blocks for all resources that can be imported: all but two kinds, which only tie others together. */
function importsOf(resources: readonly StateResource[]): readonly string[] {
  const unknown = ['aws_iam_group_membership', 'aws_iam_policy_attachment']
  return resources
    .filter(({ mode, type }) => mode === 'managed' && !unknown.includes(type))
    .map((resource) => {
      const id = JSON.stringify(importId(resource))
      return `import {\n  to = ${resource.address}\n  id = ${id}\n}\n`
    })
}

/** What the provider's documentation has as an import's id: for most resources, their own. */
function importId({ type, values }: StateResource): string {
  switch (type) {
    case 'aws_iam_role_policy_attachment':
      return `${values['role']}/${values['policy_arn']}`
    case 'aws_iam_user_policy_attachment':
      return `${values['user']}/${values['policy_arn']}`
    case 'aws_iam_group_policy_attachment':
      return `${values['group']}/${values['policy_arn']}`
    case 'aws_iam_role_policy_attachments_exclusive':
    case 'aws_iam_role_policies_exclusive':
      return values['role_name']
    case 'aws_iam_user_group_membership':
      return [values['user'], ...values['groups']].join('/')
    case 'aws_iam_user_ssh_key':
      return `${values['username']}:${values['ssh_public_key_id']}:SSH`
    case 'aws_iam_server_certificate':
      return values['name']
    default:
      return values['id']
  }
}
