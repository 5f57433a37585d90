import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCertificateAuthority } from '../x509/authority.ts'
import {
  ConfigError,
  flagOf,
  readServeConfig,
  type ServeSetting,
  serveSettings,
  shownConfig,
  variableOf,
} from './serve.ts'
import { readServeFiles } from './serve-files.ts'

const store = 'postgres://me:hush@db:5432/podpass?sslmode=require'

function read(sources: Partial<Parameters<typeof readServeConfig>[0]> = {}) {
  return readServeConfig({ flags: { store }, environment: {}, ...sources })
}

/** The message and hints of a wrong setting. */
function refused(sources: Parameters<typeof read>[0]): string {
  try {
    read(sources)
  } catch (error) {
    if (error instanceof ConfigError) return [error.message, ...error.hints].join('; ')
    throw error
  }
  return 'nothing is wrong'
}

test('with the store alone it listens on loopback only, and asks no issuer there', () => {
  const config = read()
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 4566 })
  assert.deepEqual(config.admin, { host: '127.0.0.1', port: 4569 })
  assert.equal(config.issuers.allowLoopback, false)
  assert.equal(config.tls, undefined)
})

test('a flag comes before its variable, and that before the file', () => {
  const file = {
    name: 'serve.yaml',
    content: { store: 'postgres://file/x', region: 'eu-west-1', log: { level: 'warn' }, admin: 1 },
  }
  const environment = {
    PODPASS_SERVE_REGION: 'eu-west-2',
    PODPASS_SERVE_LOG_LEVEL: 'debug',
    PODPASS_SERVE_ADMIN: '',
    OTHER: 'x',
  }
  const config = read({ flags: { store, region: 'eu-west-3' }, environment, file })
  assert.equal(config.store, store)
  assert.equal(config.region, 'eu-west-3')
  assert.equal(config.log.level, 'debug')
  assert.equal(config.admin.port, 1)
})

test('each form of address is read, and nothing else', () => {
  const listen = (text: string) => read({ flags: { store, listen: text } }).listen
  assert.deepEqual(listen('0.0.0.0:443'), { host: '0.0.0.0', port: 443 })
  assert.deepEqual(listen('[::]:0'), { host: '::', port: 0 })
  assert.deepEqual(listen('localhost:80'), { host: 'localhost', port: 80 })
  for (const text of [':80', 'host', '1:2:3', '[::1]', '80x', '65536', 'a b:1']) {
    assert.equal(
      refused({ flags: { store, listen: text } }),
      '--listen: is neither PORT nor HOST:PORT',
      text,
    )
  }
})

test('values that flags and variables can only give as text are read as what they are', () => {
  const environment = {
    PODPASS_SERVE_ISSUERS_CA: '/a.pem,/b.pem',
    PODPASS_SERVE_ISSUERS_ALLOW_LOOPBACK: 'true',
    PODPASS_SERVE_AUDIT_LIMIT: '1000',
    PODPASS_SERVE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
  }
  const { issuers, audit, trustedProxies } = read({ environment })
  assert.deepEqual(trustedProxies, ['10.0.0.0/8', '::1'])
  assert.deepEqual(issuers.ca, ['/a.pem', '/b.pem'])
  assert.equal(issuers.allowLoopback, true)
  assert.equal(audit.limit, 1000)
})

test('what is wrong is named where it was given', () => {
  const cases: [Parameters<typeof read>[0], string][] = [
    [{ flags: {} }, '`store` is missing; give --store, or set PODPASS_SERVE_STORE'],
    [{ flags: { store: 'mysql://x' } }, '--store: is no postgres:// URL'],
    [
      { environment: { PODPASS_SERVE_AUDIT_LIMIT: 'many' } },
      'PODPASS_SERVE_AUDIT_LIMIT: is no number',
    ],
    [
      { environment: { PODPASS_SERVE_ISSUERS_ALLOW_LOOPBACK: 'yes' } },
      'PODPASS_SERVE_ISSUERS_ALLOW_LOOPBACK: is neither true nor false',
    ],
    [
      { environment: { PODPASS_SERVE_LISTN: '1' } },
      'unknown setting `PODPASS_SERVE_LISTN` in the environment; did you mean `PODPASS_SERVE_LISTEN`?',
    ],
    [
      { file: { name: 'f.yaml', content: { audit: { foldr: 'x' } } } },
      'unknown setting `audit.foldr` in `f.yaml`; did you mean `audit.folder`?',
    ],
    [
      { file: { name: 'f.yaml', content: { log: { level: 'loud' } } } },
      '`log.level` in `f.yaml`: is none of debug, info, warn, error',
    ],
    [{ file: { name: 'f.yaml', content: 'text' } }, '`f.yaml` holds no settings'],
    [
      { flags: { store, 'tls.key': '/k' } },
      '`tls.certificate` names no file; give --tls-certificate, or set PODPASS_SERVE_TLS_CERTIFICATE',
    ],
    [{ flags: { store, regions: 'eu-west-1,mars' } }, '--regions: is no region'],
    [
      { flags: { store, trustedProxies: ['10.0.0.0/33'] } },
      '--trusted-proxies: is no address or network',
    ],
    [{ flags: { store, drainDelay: '-1' } }, '--drain-delay: is less than 0'],
  ]
  for (const [sources, expected] of cases) assert.equal(refused(sources), expected)
})

test('every setting has a flag and a variable of its own', () => {
  const settings = Object.keys(serveSettings) as ServeSetting[]
  assert.equal(new Set(settings.map(flagOf)).size, settings.length)
  assert.equal(variableOf('issuers.allowLoopback'), 'PODPASS_SERVE_ISSUERS_ALLOW_LOOPBACK')
})

test('what is shown holds no password', () => {
  const hidden = shownConfig(read({ flags: { store: `${store}&password=hush` } }))
  assert.equal(hidden.store, 'postgres://me:***@db:5432/podpass?sslmode=require&password=***')
})

test('the files of certificates are checked before anything listens', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'podpass-serve-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const wall = { now: () => Date.now() }
  const ca = await createCertificateAuthority({ commonName: 'test', clock: wall })
  const [one, other] = await Promise.all(
    ['a', 'b'].map((name) => ca.issueServer({ names: [name], addresses: [] })),
  )
  assert.ok(one && other)
  const certificate = file('one.crt', one.cert)
  const check = (tls: { certificate: string; key: string }, caFile = file('ca.pem', ca.certPem)) =>
    readServeFiles({
      ...read(),
      tls: { ...tls, reload: 60 },
      issuers: { ...read().issuers, ca: [caFile] },
    })
  const good = check({ certificate, key: file('one.key', one.key) })
  assert.equal(good.issuerCaPems.length, 1)
  const wrong: [() => unknown, RegExp][] = [
    [() => check({ certificate, key: file('b.key', other.key) }), /is not the private key of/],
    [() => check({ certificate: join(folder, 'none'), key: 'x' }), /none` cannot be read/],
    [() => check({ certificate, key: certificate }, file('empty', '')), /holds no certificate/],
    [
      () =>
        check(
          { certificate, key: certificate },
          file('bad', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
        ),
      /holds a damaged certificate/,
    ],
  ]
  for (const [act, message] of wrong) {
    assert.throws(act, (error) => error instanceof ConfigError && message.test(error.message))
  }
  rmSync(folder, { recursive: true })
})
