import { expect, test } from 'vitest'
import { clientAddress } from './client-address.ts'

test.for<[string, string | undefined, number, string]>([
  ['no proxy is trusted', '9.9.9.9', 0, '10.0.0.1'],
  ['one proxy', '9.9.9.9', 1, '9.9.9.9'],
  ['one proxy, and a client that invents a header', '1.2.3.4, 9.9.9.9', 1, '9.9.9.9'],
  ['two proxies', '1.2.3.4, 9.9.9.9, 10.0.0.2', 2, '9.9.9.9'],
  ['more proxies than there were', '9.9.9.9', 3, '9.9.9.9'],
  ['a request past the proxy', undefined, 1, '10.0.0.1'],
])('[F49] the address of a request: %s', ([, forwardedFor, trusted, expected]) => {
  expect(clientAddress('10.0.0.1', forwardedFor, trusted)).toBe(expected)
})
