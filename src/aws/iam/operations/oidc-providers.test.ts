import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  UntagOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from '@aws-sdk/client-iam'
import { testAccount } from '../../gateway/testing.ts'
import { refused, startTestIam, type TestIam } from '../testing.ts'

const print = 'A9'.repeat(20)

let iam: TestIam
before(async () => {
  iam = await startTestIam({
    ownIssuer: (issuer) => issuer.startsWith('https://localhost:8443/'),
    fetchThumbprint: async (url) => {
      if (url.includes('down')) throw new Error('connection refused')
      return 'B'.repeat(40)
    },
  })
})
after(() => iam[Symbol.asyncDispose]())

const create = (Url: string, more: object = {}) =>
  iam.client.send(new CreateOpenIDConnectProviderCommand({ Url, ThumbprintList: [print], ...more }))
const arnOf = (name: string) => `arn:aws:iam::${testAccount}:oidc-provider/${name}`
const get = (name: string) =>
  iam.client.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arnOf(name) }))

test('a provider is shown without scheme, its thumbprints in lower case', async () => {
  const made = await create('https://oidc.example/id/A', {
    ClientIDList: ['sts.amazonaws.com', 'sts.amazonaws.com'],
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  assert.equal(made.OpenIDConnectProviderArn, arnOf('oidc.example/id/A'))
  const { CreateDate, $metadata, ...rest } = await get('oidc.example/id/A')
  assert.ok(CreateDate && $metadata)
  assert.deepEqual(rest, {
    Url: 'oidc.example/id/A',
    ClientIDList: ['sts.amazonaws.com'],
    ThumbprintList: [print.toLowerCase()],
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  await refused(
    create('https://oidc.example/id/A'),
    'EntityAlreadyExists',
    'Provider with url https://oidc.example/id/A already exists.',
  )
})

test('issuers that differ by case or a slash at the end are different', async () => {
  await create('https://oidc.example/id/a')
  await create('https://oidc.example/id/A/')
  const found = (issuer: string) => iam.iam.identities.oidcProvider(testAccount, issuer)?.url
  for (const url of ['https://oidc.example/id/a', 'https://oidc.example/id/A/']) {
    assert.equal(found(url), url)
  }
  assert.equal(found('https://oidc.example/id/a/'), undefined)
})

test('only https URLs without query, fragment and user are issuers', async () => {
  const wrong = [
    'http://oidc.example',
    'https://oidc.example?x=1',
    'https://oidc.example/#x',
    'https://user@oidc.example',
    'https://oidc.example/a b',
    'https://',
    'https://oidc.example:port/',
    'oidc.example',
  ]
  for (const url of wrong) {
    await refused(create(url), 'ValidationError', 'Invalid Open ID Connect Provider URL')
  }
  await refused(
    create(`https://${'a'.repeat(260)}`),
    'ValidationError',
    /less than or equal to 255/,
  )
})

test('port 443 is left out; a provider is found by its ARN with and without another port', async () => {
  await create('https://localhost:443/id/default-port')
  assert.equal((await get('localhost/id/default-port')).Url, 'localhost/id/default-port')
  await create('https://localhost:8443/id/ported')
  assert.equal((await get('localhost:8443/id/ported')).Url, 'localhost:8443/id/ported')
  assert.equal((await get('localhost/id/ported')).Url, 'localhost:8443/id/ported')
})

test('a provider registered without a port serves an issuer of ours, and no other port of the host', async () => {
  await create('https://localhost/id/mine')
  const found = (issuer: string) => iam.iam.identities.oidcProvider(testAccount, issuer)?.url
  assert.equal(found('https://localhost:443/id/mine'), 'https://localhost/id/mine')
  assert.equal(found('https://localhost:8443/id/mine'), 'https://localhost/id/mine')
  assert.equal(found('https://localhost:9999/id/mine'), undefined)
})

test('without thumbprints the server’s own is fetched; a server that is down is told', async () => {
  await create('https://fetched.example', { ThumbprintList: [] })
  assert.deepEqual((await get('fetched.example')).ThumbprintList, ['b'.repeat(40)])
  await refused(
    create('https://down.example', { ThumbprintList: undefined }),
    'OpenIdIdpCommunicationError',
    'Unable to connect to https://down.example',
  )
})

test('thumbprints and client ids have limits', async () => {
  await refused(
    create('https://limits.example', { ThumbprintList: Array(6).fill(print) }),
    'InvalidInput',
    'Thumbprint list must contain fewer than 5 entries.',
  )
  await refused(
    create('https://limits.example', { ThumbprintList: ['x'.repeat(40)] }),
    'InvalidInput',
    /^Invalid thumbprint/,
  )
  const ClientIDList = Array.from({ length: 100 }, (_, index) => `client-${index}`)
  await create('https://limits.example', { ClientIDList })
  const OpenIDConnectProviderArn = arnOf('limits.example')
  await refused(
    iam.client.send(
      new AddClientIDToOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn,
        ClientID: 'one-more',
      }),
    ),
    'LimitExceeded',
    'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100',
  )
})

test('client ids and thumbprints are changed in place, twice is no error', async () => {
  await create('https://changing.example')
  const OpenIDConnectProviderArn = arnOf('changing.example')
  for (const ClientID of ['a', 'b', 'a']) {
    const input = { OpenIDConnectProviderArn, ClientID }
    await iam.client.send(new AddClientIDToOpenIDConnectProviderCommand(input))
  }
  for (const ClientID of ['a', 'a']) {
    const input = { OpenIDConnectProviderArn, ClientID }
    await iam.client.send(new RemoveClientIDFromOpenIDConnectProviderCommand(input))
  }
  await iam.client.send(
    new UpdateOpenIDConnectProviderThumbprintCommand({
      OpenIDConnectProviderArn,
      ThumbprintList: ['c'.repeat(40)],
    }),
  )
  const provider = iam.iam.identities.oidcProvider(testAccount, 'https://changing.example')
  assert.deepEqual([provider?.clientIds, provider?.thumbprints], [['b'], ['c'.repeat(40)]])
})

test('a provider’s tags are changed by key', async () => {
  await create('https://tagged.example')
  const OpenIDConnectProviderArn = arnOf('tagged.example')
  const input = { OpenIDConnectProviderArn }
  await iam.client.send(
    new TagOpenIDConnectProviderCommand({ ...input, Tags: [{ Key: 'a', Value: '1' }] }),
  )
  const tags = () => iam.client.send(new ListOpenIDConnectProviderTagsCommand(input))
  assert.deepEqual((await tags()).Tags, [{ Key: 'a', Value: '1' }])
  await iam.client.send(new UntagOpenIDConnectProviderCommand({ ...input, TagKeys: ['a'] }))
  assert.deepEqual((await tags()).Tags, [])
})

test('a deleted provider is gone: deleting it again is refused, as asking for it is', async () => {
  await create('https://gone.example')
  const OpenIDConnectProviderArn = arnOf('gone.example')
  const gone = () =>
    iam.client.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))
  await gone()
  await refused(
    gone(),
    'NoSuchEntity',
    `OpenId connect Provider ${OpenIDConnectProviderArn} cannot be found.`,
  )
  await refused(
    get('gone.example'),
    'NoSuchEntity',
    `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}`,
  )
  const { OpenIDConnectProviderList } = await iam.client.send(
    new ListOpenIDConnectProvidersCommand({}),
  )
  assert.ok(OpenIDConnectProviderList?.every(({ Arn }) => Arn !== OpenIDConnectProviderArn))
})
