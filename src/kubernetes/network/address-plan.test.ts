import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressPlan, fourOf, gateway, sixOf } from './address-plan.ts'

test('an address of IPv6 goes with each of IPv4, and back', () => {
  assert.equal(sixOf('192.168.5.5'), 'fd70:6f64::c0a8:505')
  for (const address of ['192.168.0.4', '192.168.255.253', gateway]) {
    assert.equal(fourOf(sixOf(address)), address)
  }
  assert.equal(fourOf('::ffff:192.168.5.5'), '192.168.5.5')
  assert.equal(fourOf('fe80::1'), 'fe80::1')
})

test('pods have addresses of the upper half, each its own, and keep the one they had', () => {
  const plan = new AddressPlan(() => 0)
  assert.equal(plan.take(undefined), '192.168.128.4')
  assert.equal(plan.take(undefined), '192.168.128.5')
  assert.equal(plan.take('192.168.200.9'), '192.168.200.9')
  assert.equal(plan.take('192.168.200.9'), '192.168.128.6')
  plan.release('192.168.128.4')
  assert.equal(plan.take('127.64.0.1'), '192.168.128.4')
  for (const other of ['192.168.1.9', '192.168.200.1', '192.168.300.9', gateway]) {
    assert.notEqual(plan.take(other), other)
  }
})

test('the address of a node is nobody else’s; when all are taken there is none', () => {
  const count = 128 * 250
  let next = 0
  const plan = new AddressPlan(() => next++ / count)
  plan.reserve('192.168.255.253')
  const seen = new Set<string | undefined>()
  for (let i = 1; i < count; i++) seen.add(plan.take(undefined))
  assert.equal(seen.size, count - 1)
  assert.ok(!seen.has('192.168.255.253') && !seen.has(undefined))
  next = 0
  assert.equal(plan.take(undefined), undefined)
})
