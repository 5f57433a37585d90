import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  CreateSAMLProviderCommand,
  DeleteSAMLProviderCommand,
  GetSAMLProviderCommand,
  ListSAMLProvidersCommand,
  ListSAMLProviderTagsCommand,
  TagSAMLProviderCommand,
  UntagSAMLProviderCommand,
  UpdateSAMLProviderCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { refused, startTestIam, type TestIam } from '../testing.ts'

let iam: TestIam
before(async () => {
  iam = await startTestIam()
})
after(() => iam[Symbol.asyncDispose]())

const send: TestIam['client']['send'] = (...args: unknown[]) =>
  (iam.client.send as (...args: unknown[]) => never)(...args)
const arnOf = (name: string) => `arn:aws:iam::${testAccount}:saml-provider/${name}`

/** An identity provider's metadata, as long as AWS wants it. */
function metadata(entity: string, attributes = ''): string {
  const filler = `<!-- ${'x'.repeat(1000)} -->`
  return `<?xml version="1.0"?>${filler}<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity}" ${attributes}><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>`
}

test('a SAML provider is made, shown, listed, updated, tagged and deleted', async () => {
  const Name = 'corp'
  const SAMLProviderArn = arnOf(Name)
  const document = metadata('https://idp.example/saml', 'validUntil="2040-01-02T03:04:05Z"')
  const create = () => send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument: document }))
  assert.equal((await create()).SAMLProviderArn, SAMLProviderArn)
  await refused(create(), 'EntityAlreadyExists', /corp/)
  const get = () => send(new GetSAMLProviderCommand({ SAMLProviderArn }))
  const { CreateDate, SAMLProviderUUID, $metadata: _, ...shown } = await get()
  assert.match(SAMLProviderUUID ?? '', /^[A-Z0-9]{22}$/)
  assert.deepEqual(shown, {
    SAMLMetadataDocument: document,
    ValidUntil: new Date('2040-01-02T03:04:05Z'),
    Tags: [],
    AssertionEncryptionMode: 'Allowed',
    PrivateKeyList: [],
  })
  const { SAMLProviderList } = await send(new ListSAMLProvidersCommand({}))
  assert.deepEqual(SAMLProviderList, [
    { Arn: SAMLProviderArn, ValidUntil: shown.ValidUntil, CreateDate },
  ])
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  await send(
    new UpdateSAMLProviderCommand({
      SAMLProviderArn,
      SAMLMetadataDocument: metadata('https://new.example/saml'),
      AssertionEncryptionMode: 'Required',
      AddPrivateKey: pem,
    }),
  )
  const updated = await get()
  assert.match(updated.SAMLMetadataDocument ?? '', /new\.example/)
  assert.equal(updated.AssertionEncryptionMode, 'Required')
  const [{ KeyId } = {}] = updated.PrivateKeyList ?? []
  assert.match(KeyId ?? '', /^[A-Z0-9]{22,64}$/)
  await send(new UpdateSAMLProviderCommand({ SAMLProviderArn, RemovePrivateKey: KeyId }))
  assert.deepEqual((await get()).PrivateKeyList, [])

  await send(new TagSAMLProviderCommand({ SAMLProviderArn, Tags: [{ Key: 'a', Value: '1' }] }))
  const tags = async () => (await send(new ListSAMLProviderTagsCommand({ SAMLProviderArn }))).Tags
  assert.deepEqual(await tags(), [{ Key: 'a', Value: '1' }])
  await send(new UntagSAMLProviderCommand({ SAMLProviderArn, TagKeys: ['a'] }))
  assert.deepEqual(await tags(), [])
  const remove = () => send(new DeleteSAMLProviderCommand({ SAMLProviderArn }))
  await remove()
  await refused(remove(), 'NoSuchEntity', `Manifest not found for arn ${SAMLProviderArn}`)
  await refused(get(), 'NoSuchEntity', `Manifest not found for arn ${SAMLProviderArn}`)
})

test('what is no SAML metadata is refused', async () => {
  for (const SAMLMetadataDocument of [
    'x'.repeat(1000),
    `<EntityDescriptor entityID="no-namespace">${'x'.repeat(1000)}</EntityDescriptor>`,
    metadata('').padEnd(1000),
    `<!DOCTYPE x [<!ENTITY y "z">]>${metadata('https://idp.example')}`,
    metadata('https://idp.example').replace('</md:EntityDescriptor>', ''),
  ]) {
    await refused(
      send(new CreateSAMLProviderCommand({ Name: 'bad', SAMLMetadataDocument })),
      'InvalidInput',
      'Could not parse metadata',
    )
  }
})
