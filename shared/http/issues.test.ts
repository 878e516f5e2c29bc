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
    { path: 'to', message: 'Invalid input: expected string, received number', messageKey: { key: 'field-type', parameters: {} } },
    {
      path: 'values.[key]',
      message: 'Invalid input: expected string, received number',
      messageKey: { key: 'field-type', parameters: {} },
    },
    { path: '', message: 'Unrecognized keys: "[key]", "extra"', messageKey: { key: 'field-unknown', parameters: {} } },
  ])
})

test.for([
  [z.object({ a: z.string() }), {}, { key: 'field-missing', parameters: {} }],
  [z.object({ a: z.string().min(1) }), { a: '' }, { key: 'field-empty', parameters: { least: '1' } }],
  [z.object({ a: z.string().max(2) }), { a: 'abc' }, { key: 'field-too-long', parameters: { most: '2' } }],
  [z.object({ a: z.number().min(3) }), { a: 2 }, { key: 'field-too-small', parameters: { least: '3' } }],
  [z.object({ a: z.array(z.string()).max(1) }), { a: ['x', 'y'] }, { key: 'field-too-many', parameters: { most: '1' } }],
  [z.object({ a: z.email() }), { a: 'x' }, { key: 'field-email', parameters: {} }],
  [z.object({ a: z.enum(['x']) }), { a: 'y' }, { key: 'field-choice', parameters: {} }],
  [z.object({ a: z.string().refine(() => false, 'No') }), { a: 'y' }, undefined],
] as const)('an issue of %o has a stable name with its bounds', ([schema, given, key]) => {
  expect(schema.safeParse(given).error?.issues.map(issue => issueView(issue).messageKey)).toEqual([key])
})
