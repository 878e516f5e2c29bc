import { expect, test } from 'vitest'
import { type ChangeableTemplate, nextEditAt, refuseEdit, refuseStatus, submissionOf, withEdit } from './change.ts'

const DAY_MS = 86_400_000
const NOW = new Date('2026-11-21T12:00:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS)
const template = (fields: Partial<ChangeableTemplate> = {}): ChangeableTemplate => ({
  status: 'APPROVED',
  category: 'UTILITY',
  metaTemplateId: '1',
  parameterFormat: 'POSITIONAL',
  ...fields,
})
const codeOf = (...edit: Parameters<typeof refuseEdit>) => refuseEdit(...edit)?.errorCode ?? null

test('the submission state is registered, unknown, not submitted or submitted', () => {
  const states = [
    { metaTemplateId: null },
    { metaTemplateId: null, submission: { state: 'UNKNOWN' as const } },
    { metaTemplateId: null, submission: { state: 'UNSUBMITTED' as const } },
    { metaTemplateId: '1', submission: { state: 'UNKNOWN' as const } },
  ]
  expect(states.map(submissionOf)).toEqual(['REGISTERED', 'UNKNOWN', 'UNSUBMITTED', 'SUBMITTED'])
})

test('people set the status of templates that Meta does not manage, and may disable any template', () => {
  expect(refuseStatus(template({ metaTemplateId: null }), 'APPROVED')).toBeNull()
  expect(refuseStatus(template({ metaTemplateId: null, submission: { state: 'UNSUBMITTED' } }), 'APPROVED')).toBeNull()
  expect(refuseStatus(template(), 'DISABLED')).toBeNull()
  for (const managed of [template(), template({ metaTemplateId: null, submission: { state: 'UNKNOWN' } })])
    expect(refuseStatus(managed, 'APPROVED')).toMatchObject({ status: 409, errorCode: 'TEMPLATE_MANAGED_BY_META' })
})

test.for<[ChangeableTemplate['status'], string | null]>([
  ['APPROVED', null],
  ['REJECTED', null],
  ['PAUSED', null],
  ['PENDING', 'TEMPLATE_NOT_EDITABLE'],
  ['DISABLED', 'TEMPLATE_NOT_EDITABLE'],
])('an edit of a template that is %s is refused with %s', ([status, expected]) => {
  expect(codeOf(template({ status }), {}, NOW)).toBe(expected)
})

test('an approved template keeps its category, and every template its parameter format', () => {
  expect(codeOf(template(), { category: 'MARKETING' }, NOW)).toBe('TEMPLATE_CATEGORY_FIXED')
  expect(codeOf(template(), { category: 'UTILITY' }, NOW)).toBeNull()
  expect(codeOf(template({ status: 'REJECTED' }), { category: 'MARKETING' }, NOW)).toBeNull()
  expect(codeOf(template({ status: 'REJECTED' }), { parameterFormat: 'NAMED' }, NOW)).toBe('TEMPLATE_INVALID')
})

test.for<[string, Date[], number]>([
  ['none', [], 0],
  ['one an hour ago', [daysAgo(1 / 24)], 23 * 3_600_000],
  ['one yesterday', [daysAgo(1)], 0],
  ['ten in the month', Array.from({ length: 10 }, (_, i) => daysAgo(20 - i)), 10 * DAY_MS],
  ['ten of which one is over', Array.from({ length: 10 }, (_, i) => daysAgo(30 - i)), 0],
])('after %s the next edit of an approved template waits', ([, edits, waitMs]) => {
  expect(refuseEdit(template({ edits }), {}, NOW)?.retryAfterMs ?? 0).toBe(waitMs)
  expect(refuseEdit(template({ edits, status: 'REJECTED' }), {}, NOW)).toBeNull()
})

test('the time of the next edit does not depend on when it is asked for', () => {
  expect(nextEditAt([])).toBeNull()
  expect(nextEditAt([daysAgo(3), daysAgo(5)])).toEqual(daysAgo(2))
  expect(nextEditAt(Array.from({ length: 12 }, (_, i) => daysAgo(20 - i)))).toEqual(daysAgo(18 - 30))
})

test('edits older than 30 days are dropped', () => {
  expect(withEdit([daysAgo(31), daysAgo(2)], NOW)).toEqual([daysAgo(2), NOW])
})
