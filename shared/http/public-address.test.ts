import { expect, test } from 'vitest'
import { isPublicAddress } from './public-address.ts'

/** Networks of IANA's registries of special addresses, first and last address of each, and what stands beside them. */
test.for<[string, string]>([
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.1', '127.255.255.255'],
  ['169.254.0.0', '169.254.169.254'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.1', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '239.255.255.255'],
  ['240.0.0.0', '255.255.255.255'],
  ['::', '::1'],
  ['::7f00:1', '::ffff:ffff'],
  ['::ffff:127.0.0.1', '::ffff:10.0.0.1'],
  ['64:ff9b::7f00:1', '64:ff9b::ffff:ffff'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['2001::1', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:2::', '2001:10::1'],
  ['2001:20::', '2001:2f::1'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002:7f00:1::', '2002:ffff:ffff::'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['5f00::', '5f00:ffff::1'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'febf:ffff::1'],
  ['fec0::', 'feff:ffff::1'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
])('[F51] %s to %s is not public', ([first, last]) => {
  expect([isPublicAddress(first), isPublicAddress(last)]).toEqual([false, false])
})

test.for([
  '8.8.8.8',
  '1.1.1.1',
  '100.128.0.1',
  '172.32.0.1',
  '192.88.100.1',
  '2606:4700::1111',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
])('%s is public', address => {
  expect(isPublicAddress(address)).toBe(true)
})

test.for(['', 'localhost', '127.1', '0x7f000001', '017700000001', '1.2.3', '10.0.0.1.5', '[::1]'])(
  '[F51] %j is no address',
  text => {
    expect(isPublicAddress(text)).toBe(false)
  },
)
