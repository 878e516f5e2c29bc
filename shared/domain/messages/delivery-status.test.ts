import { expect, test } from 'vitest'
import { advance, type DeliveryStatus } from './delivery-status.ts'

test.for<[DeliveryStatus[], DeliveryStatus]>([
  [['SENT', 'DELIVERED', 'READ'], 'READ'],
  [['READ', 'DELIVERED', 'SENT'], 'READ'],
  [['SENT', 'SENT'], 'SENT'],
  [['FAILED', 'SENT'], 'FAILED'],
  [['READ', 'FAILED'], 'FAILED'],
])('reports %j leave a queued message %s', ([reports, expected]) => {
  expect(reports.reduce((current, reported) => advance(current, reported), 'QUEUED' as DeliveryStatus)).toBe(expected)
})

test('any report from Meta replaces a failure that the platform declared', () => {
  expect(advance('FAILED', 'SENT', true)).toBe('SENT')
  expect(advance('FAILED', 'QUEUED', true)).toBe('FAILED')
})
