import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  CreateServiceSpecificCredentialCommand,
  CreateUserCommand,
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserCommand,
  GetSSHPublicKeyCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ResetServiceSpecificCredentialCommand,
  UpdateServiceSpecificCredentialCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UpdateUserCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam'
import { createCertificateAuthority } from '../../../x509/authority.ts'
import { testAccount } from '../../gateway/testing.ts'
import { refused, startTestIam, type TestIam } from '../testing.ts'

let iam: TestIam
before(async () => {
  iam = await startTestIam({ quotas: { sshKeysPerUser: 1 } })
})
after(() => iam[Symbol.asyncDispose]())

const send: TestIam['client']['send'] = (...args: unknown[]) =>
  (iam.client.send as (...args: unknown[]) => never)(...args)

/** A key that ssh-keygen made for this test, and its MD5 fingerprint as `ssh-keygen -l -E md5` says it. */
const sshKey =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDv5axvhzVK0iPU2+B1ZQCRwpM4VW4irTN8k02hVdMgzE3BFl6Dd/KbYl8uCjFPTJDcXBoKk3JF2Q/e3ApstvsCVkEZE5QTjuBZNOXVj+9mi4j8PaufyzUwUXSSaSBHql/XmRN+veyxWVbclJLw0KXqJXSRf++God/zwR7Mm8rEqRN0CPW8K3tfPiAXqdXsVEdY28ZjYfMz6PTHkpWypcG1Vz+gqJJN0+b56ReElCNorAzEESdbr6YT5iafmrOhw02DCtbpLic32D93XmPmOeyDHMtc7Cfa+vgeOXqLvTWjeMHd5GWVJrs+3yq4dDdDwJZRuQ1xZDWbA4o1Wv9kHAHN'
const fingerprint = 'c8:1e:8d:1d:73:44:8a:8a:2e:33:a8:95:63:23:cf:4a'

test('an SSH public key is uploaded, shown in both forms, switched off and deleted', async () => {
  const UserName = 'gil'
  await send(new CreateUserCommand({ UserName }))
  const upload = (SSHPublicKeyBody: string) =>
    send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody }))
  const { SSHPublicKey } = await upload(sshKey)
  const SSHPublicKeyId = SSHPublicKey?.SSHPublicKeyId ?? ''
  assert.match(SSHPublicKeyId, /^APKA[A-Z2-7]{16}$/)
  const { UploadDate, ...shown } = SSHPublicKey ?? {}
  assert.ok(UploadDate)
  assert.deepEqual(shown, {
    UserName,
    SSHPublicKeyId,
    Fingerprint: fingerprint,
    SSHPublicKeyBody: sshKey,
    Status: 'Active',
  })
  await refused(
    upload(sshKey),
    'DuplicateSSHPublicKey',
    'The SSH public key is already associated with this user.',
  )
  const key = { UserName, SSHPublicKeyId }
  const pem = await send(new GetSSHPublicKeyCommand({ ...key, Encoding: 'PEM' }))
  assert.equal(
    createPublicKey(pem.SSHPublicKey?.SSHPublicKeyBody ?? '').asymmetricKeyDetails?.modulusLength,
    2048,
  )
  await send(new UpdateSSHPublicKeyCommand({ ...key, Status: 'Inactive' }))
  await send(new UpdateUserCommand({ UserName, NewUserName: 'gilbert' }))
  const { SSHPublicKeys } = await send(new ListSSHPublicKeysCommand({ UserName: 'gilbert' }))
  assert.deepEqual(SSHPublicKeys, [
    { UserName: 'gilbert', SSHPublicKeyId, Status: 'Inactive', UploadDate },
  ])
  await refused(
    send(new DeleteUserCommand({ UserName: 'gilbert' })),
    'DeleteConflict',
    'Cannot delete entity, must delete SSH public keys first.',
  )
  const gone = () => send(new DeleteSSHPublicKeyCommand({ ...key, UserName: 'gilbert' }))
  await gone()
  await refused(gone(), 'NoSuchEntity', `The Public Key with id ${SSHPublicKeyId} cannot be found.`)
  for (const allowed of [true, false]) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const SSHPublicKeyBody = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const more = send(new UploadSSHPublicKeyCommand({ UserName: 'gilbert', SSHPublicKeyBody }))
    if (allowed) await more
    else await refused(more, 'LimitExceeded', 'Cannot exceed quota for SSHPublicKeysPerUser: 1')
  }
})

test('what is no RSA key of 2048 bits is refused', async () => {
  const UserName = 'hal'
  await send(new CreateUserCommand({ UserName }))
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  for (const SSHPublicKeyBody of [
    'ssh-rsa AAAA',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==',
    sshKey.replace('AAAAB3NzaC1yc2E', 'AAAAB3NzaC1yc2X'),
    short.export({ type: 'spki', format: 'pem' }).toString(),
    curve.export({ type: 'spki', format: 'pem' }).toString(),
  ]) {
    await refused(
      send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody })),
      'InvalidPublicKey',
      'The public key is not valid.',
    )
  }
})

test('a user has two signing certificates at most, which are switched off and on', async () => {
  const UserName = 'ivy'
  await send(new CreateUserCommand({ UserName }))
  const authority = await createCertificateAuthority({ commonName: 'signing', clock: iam.clock })
  const make = async () => {
    const { cert } = await authority.issueServer({ names: ['localhost'], addresses: [] })
    return cert.slice(0, cert.indexOf('-----END') + 25)
  }
  const upload = (CertificateBody: string) =>
    send(new UploadSigningCertificateCommand({ UserName, CertificateBody }))
  const first = await make()
  const { Certificate } = await upload(first)
  const { CertificateId = '' } = Certificate ?? {}
  assert.match(CertificateId, /^[A-Z2-7]{32}$/)
  assert.deepEqual([Certificate?.CertificateBody, Certificate?.Status], [first, 'Active'])
  await refused(upload(first), 'DuplicateCertificate', /already associated/)
  await upload(await make())
  await refused(
    upload(await make()),
    'LimitExceeded',
    'Cannot exceed quota for CertificatesPerUser: 2',
  )
  await refused(upload('none'), 'MalformedCertificate', 'Certificate none is malformed.')
  const one = { UserName, CertificateId }
  await send(new UpdateSigningCertificateCommand({ ...one, Status: 'Inactive' }))
  const list = async () => {
    const { Certificates } = await send(new ListSigningCertificatesCommand({ UserName }))
    return Certificates?.find((each) => each.CertificateId === CertificateId)?.Status
  }
  assert.equal(await list(), 'Inactive')
  await send(new DeleteSigningCertificateCommand(one))
  assert.equal(await list(), undefined)
  await refused(
    send(new DeleteSigningCertificateCommand(one)),
    'NoSuchEntity',
    `The Certificate with id ${CertificateId} cannot be found.`,
  )
})

test('a service-specific credential shows its password once, and keeps its name when the user is renamed', async () => {
  const UserName = 'jo'
  await send(new CreateUserCommand({ UserName }))
  const create = (ServiceName: string, CredentialAgeDays?: number) =>
    send(
      new CreateServiceSpecificCredentialCommand({
        UserName,
        ServiceName,
        ...(CredentialAgeDays && { CredentialAgeDays }),
      }),
    )
  const ServiceName = 'codecommit.amazonaws.com'
  const { ServiceSpecificCredential: made } = await create(ServiceName)
  const id = made?.ServiceSpecificCredentialId ?? ''
  assert.match(id, /^ACCA[A-Z2-7]{17}$/)
  assert.equal(made?.ServicePassword?.length, 44)
  assert.equal(made?.ServiceUserName, `jo-at-${testAccount}`)
  const second = await create(ServiceName)
  assert.equal(second.ServiceSpecificCredential?.ServiceUserName, `jo+1-at-${testAccount}`)
  await refused(
    create(ServiceName),
    'LimitExceeded',
    'Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2',
  )
  await refused(create('s3.amazonaws.com'), 'ServiceNotSupported', /s3\.amazonaws\.com/)
  const { ServiceSpecificCredential: key } = await create('bedrock.amazonaws.com', 30)
  assert.equal(key?.ServicePassword, undefined)
  assert.match(key?.ServiceCredentialSecret ?? '', /^ABSK/)
  assert.equal(Number(key?.ExpirationDate) - Number(key?.CreateDate), 30 * 24 * 3600 * 1000)
  await refused(create('cassandra.amazonaws.com', 30), 'InvalidInput', /CredentialAgeDays/)

  await send(new UpdateUserCommand({ UserName, NewUserName: 'joan' }))
  const one = { UserName: 'joan', ServiceSpecificCredentialId: id }
  await send(new UpdateServiceSpecificCredentialCommand({ ...one, Status: 'Inactive' }))
  const list = async (more: object) => {
    const listed = await send(new ListServiceSpecificCredentialsCommand({ ServiceName, ...more }))
    return listed.ServiceSpecificCredentials?.find(
      (each) => each.ServiceSpecificCredentialId === id,
    )
  }
  const shown = {
    UserName: 'joan',
    Status: 'Inactive',
    CreateDate: made?.CreateDate,
    ServiceSpecificCredentialId: id,
    ServiceName,
    ServiceUserName: `jo-at-${testAccount}`,
  }
  assert.deepEqual(await list({ UserName: 'joan' }), shown)
  assert.deepEqual(await list({ AllUsers: true }), shown)
  const reset = await send(new ResetServiceSpecificCredentialCommand(one))
  assert.notEqual(reset.ServiceSpecificCredential?.ServicePassword, made?.ServicePassword)
  await send(new DeleteServiceSpecificCredentialCommand(one))
  await refused(
    send(new DeleteServiceSpecificCredentialCommand(one)),
    'NoSuchEntity',
    `No such credential ${id} exists`,
  )
})
