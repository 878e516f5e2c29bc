import { expect, test } from 'vitest'
import { networkOf } from './client-network.ts'

test.for<[string, string]>([
  ['203.0.113.7', '203.0.113.7'],
  [' 203.0.113.7 ', '203.0.113.7'],
  ['203.0.113.7:51234', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s is counted as %s', ([address, network]) => {
  expect(networkOf(address)).toBe(network)
})

test.for(['', 'unknown', '_hidden', '999.1.1.1', '1.2.3', 'x'.repeat(10_000), '2001:db8::1::2'])('%j is no address', text => {
  expect(networkOf(text)).toBe('unknown')
})
