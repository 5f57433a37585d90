import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNetwork, TrustedProxies } from './trusted-proxies.ts'

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])

/** Address and protocol of a request that came from `from` with these headers over plain HTTP. */
function origin(from: string, forwarded?: string, protocol?: string): string {
  const headers = new Map<string, string>()
  if (forwarded !== undefined) headers.set('x-forwarded-for', forwarded)
  if (protocol !== undefined) headers.set('x-forwarded-proto', protocol)
  const { address, secure } = proxies.originOf({ address: from, secure: false }, headers)
  return `${secure ? 'https' : 'http'} ${address}`
}

test('whoever is not trusted speaks for himself, whatever he writes', () => {
  assert.equal(origin('203.0.113.9', '198.51.100.1', 'https'), 'http 203.0.113.9')
  assert.equal(origin('192.0.2.8', '198.51.100.1'), 'http 192.0.2.8')
})

test('a trusted proxy says who it had the request from, and how', () => {
  assert.equal(origin('10.1.2.3', '198.51.100.1'), 'http 198.51.100.1')
  assert.equal(origin('192.0.2.7', '198.51.100.1', 'https'), 'https 198.51.100.1')
  assert.equal(origin('fd00::1', '2001:db8::5', 'HTTPS'), 'https 2001:db8::5')
  assert.equal(origin('10.1.2.3'), 'http 10.1.2.3')
})

test('only what trusted proxies wrote counts: the client may have begun the list', () => {
  assert.equal(origin('10.1.2.3', '127.0.0.1, 198.51.100.1'), 'http 198.51.100.1')
  assert.equal(origin('10.1.2.3', '127.0.0.1, 198.51.100.1, 10.9.9.9'), 'http 198.51.100.1')
  assert.equal(origin('10.1.2.3', '10.4.4.4, 10.9.9.9'), 'http 10.4.4.4')
  assert.equal(origin('10.1.2.3', '198.51.100.1', 'https, http'), 'http 198.51.100.1')
})

test('entries with ports are read, and what is no address ends the way back', () => {
  assert.equal(origin('10.1.2.3', '198.51.100.1:4711'), 'http 198.51.100.1')
  assert.equal(origin('10.1.2.3', '[2001:db8::5]:4711'), 'http 2001:db8::5')
  assert.equal(origin('10.1.2.3', '::ffff:198.51.100.1'), 'http 198.51.100.1')
  assert.equal(origin('10.1.2.3', '198.51.100.1, unknown, 10.9.9.9'), 'http 10.9.9.9')
  assert.equal(origin('10.1.2.3', ''), 'http 10.1.2.3')
})

test('networks are told from what is none', () => {
  for (const text of ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0']) {
    assert.ok(isNetwork(text), text)
  }
  for (const text of ['', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'host', '::1/129', '10/8']) {
    assert.ok(!isNetwork(text), text)
  }
})
