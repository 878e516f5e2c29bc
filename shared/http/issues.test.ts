import { expect, test } from 'vitest'
import { z } from 'zod'
import { issueView, shownKey } from './issues.ts'

test.for([
  ['text', 'text'],
  ['recipient_id', 'recipient_id'],
  ['0', '0'],
  ['212661000101', '[key]'],
  ['EAADemoTenantAToken', '[key]'],
  ['+212661000101', '[key]'],
  ['what somebody wrote', '[key]'],
  ['', '[key]'],
  ['x'.repeat(41), '[key]'],
] as const)('the key %j is shown as %s', ([key, shown]) => {
  expect(shownKey(key)).toBe(shown)
})

test('[F53] an issue names fields, and neither their values nor what was taken for a field', () => {
  const schema = z.strictObject({ to: z.string(), values: z.record(z.string(), z.string()) })
  const parsed = schema.safeParse({ to: 5, values: { '212661000101': 1 }, 'my illness': 1, extra: 2 })
  expect(parsed.error?.issues.map(issueView)).toEqual([
    { path: 'to', message: 'Invalid input: expected string, received number' },
    { path: 'values.[key]', message: 'Invalid input: expected string, received number' },
    { path: '', message: 'Unrecognized keys: "[key]", "extra"' },
  ])
})
