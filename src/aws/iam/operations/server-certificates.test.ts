import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  DeleteServerCertificateCommand,
  GetServerCertificateCommand,
  ListServerCertificatesCommand,
  ListServerCertificateTagsCommand,
  TagServerCertificateCommand,
  UntagServerCertificateCommand,
  UpdateServerCertificateCommand,
  UploadServerCertificateCommand,
} from '@aws-sdk/client-iam'
import { createCertificateAuthority, type OwnedAuthority } from '../../../x509/authority.ts'
import { testAccount } from '../../gateway/testing.ts'
import { refused, startTestIam, type TestIam } from '../testing.ts'

let iam: TestIam
let authority: OwnedAuthority
before(async () => {
  iam = await startTestIam()
  authority = await createCertificateAuthority({ commonName: 'server test', clock: iam.clock })
})
after(() => iam[Symbol.asyncDispose]())

const send: TestIam['client']['send'] = (...args: unknown[]) =>
  (iam.client.send as (...args: unknown[]) => never)(...args)

async function issue(): Promise<{ body: string; key: string }> {
  const { cert, key } = await authority.issueServer({ names: ['localhost'], addresses: [] })
  return { body: cert.slice(0, cert.indexOf('-----END') + 25), key }
}

test('a server certificate is uploaded with its chain, renamed and deleted; its key is never shown', async () => {
  const { body, key } = await issue()
  const upload = (more: object = {}) =>
    send(
      new UploadServerCertificateCommand({
        ServerCertificateName: 'web',
        CertificateBody: body,
        PrivateKey: key,
        CertificateChain: authority.certPem,
        Path: '/cloudfront/',
        ...more,
      }),
    )
  const { ServerCertificateMetadata: made, Tags } = await upload()
  assert.equal(Tags, undefined)
  assert.match(made?.ServerCertificateId ?? '', /^ASCA[A-Z2-7]{17}$/)
  assert.equal(made?.Arn, `arn:aws:iam::${testAccount}:server-certificate/cloudfront/web`)
  assert.ok((made?.Expiration ?? 0) > new Date(iam.clock.now()))
  await refused(
    upload(),
    'EntityAlreadyExists',
    'The Server Certificate with name web already exists.',
  )
  const get = (ServerCertificateName: string) =>
    send(new GetServerCertificateCommand({ ServerCertificateName }))
  const { ServerCertificate } = await get('web')
  assert.deepEqual(ServerCertificate, {
    ServerCertificateMetadata: made,
    CertificateBody: body,
    CertificateChain: authority.certPem.trim(),
    Tags: [],
  })
  await send(
    new UpdateServerCertificateCommand({
      ServerCertificateName: 'web',
      NewServerCertificateName: 'site',
      NewPath: '/',
    }),
  )
  const missing = 'The Server Certificate with name web cannot be found.'
  await refused(get('web'), 'NoSuchEntity', missing)
  const list = async (PathPrefix: string) =>
    (await send(new ListServerCertificatesCommand({ PathPrefix }))).ServerCertificateMetadataList
  assert.deepEqual(await list('/cloudfront/'), [])
  assert.deepEqual(
    (await list('/'))?.map((each) => each.ServerCertificateName),
    ['site'],
  )
  const ServerCertificateName = 'site'
  await send(
    new TagServerCertificateCommand({
      ServerCertificateName,
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  )
  const tags = async () =>
    (await send(new ListServerCertificateTagsCommand({ ServerCertificateName }))).Tags
  assert.deepEqual(await tags(), [{ Key: 'a', Value: '1' }])
  await send(new UntagServerCertificateCommand({ ServerCertificateName, TagKeys: ['a'] }))
  assert.deepEqual(await tags(), [])
  await send(new DeleteServerCertificateCommand({ ServerCertificateName }))
  await refused(
    send(new DeleteServerCertificateCommand({ ServerCertificateName: 'web' })),
    'NoSuchEntity',
    missing,
  )
})

test('what is no certificate, not its key or not its chain is refused', async () => {
  const { body, key } = await issue()
  const other = await issue()
  const upload = (CertificateBody: string, PrivateKey: string, CertificateChain?: string) =>
    send(
      new UploadServerCertificateCommand({
        ServerCertificateName: 'bad',
        CertificateBody,
        PrivateKey,
        ...(CertificateChain && { CertificateChain }),
      }),
    )
  await refused(
    upload('certificate', key),
    'MalformedCertificate',
    'Unable to parse certificate. Please ensure the certificate is in PEM format.',
  )
  await refused(upload(body, 'key'), 'MalformedCertificate', /PEM format/)
  await refused(upload(body, other.key), 'KeyPairMismatch', /do not match/)
  await refused(
    upload(body, key, other.body),
    'MalformedCertificate',
    'Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: -1',
  )
})
