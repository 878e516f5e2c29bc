import { readFileSync } from 'node:fs'
import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { parseJson } from '../../meta/answers.ts'
import type { TemplateDoc } from '../../model/documents.ts'
import { type ListedTemplate, listedTemplate, mergeTemplate, newTemplate } from './template-facts.ts'

const T0 = new Date('2026-11-21T12:00:00Z')
const after = (seconds: number) => new Date(T0.getTime() + seconds * 1000)
const LISTED = {
  id: '7',
  name: 'welcome',
  language: 'en-US',
  status: 'APPROVED',
  category: 'UTILITY',
  components: [{ type: 'BODY', text: 'Hello {{1}}.' }],
  quality_score: { score: 'GREEN', date: 1 },
}
const listed = (fields: object = {}) => listedTemplate({ ...LISTED, ...fields }) as ListedTemplate
const stored = (fields: Partial<TemplateDoc> = {}): TemplateDoc =>
  ({ _id: new Types.ObjectId(), reason: null, ...newTemplate(listed(), T0), ...fields }) as TemplateDoc

test("examples in Meta's list are read", () => {
  const { response } = parseJson(readFileSync('test/fixtures/graph/templates-list.json', 'utf8')) as {
    response: { body: { data: unknown[] } }
  }
  const rows = response.body.data.map(listedTemplate)
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.every(row => row !== null && row.components.length > 0)).toBe(true)
})

test.for([null, 'a', {}, { ...LISTED, id: '' }, { ...LISTED, status: 'SPARKLING' }, { ...LISTED, category: 'FUN' }])(
  'an unreadable template is skipped: %j',
  value => {
    expect(listedTemplate(value)).toBeNull()
  },
)

test('a new template is stored as Meta lists it, unless it is being deleted', () => {
  expect(newTemplate(listed(), T0)).toMatchObject({
    name: 'welcome',
    language: 'en_US',
    status: 'APPROVED',
    metaTemplateId: '7',
    quality: 'GREEN',
    variables: [{ name: '1', position: 1, component: 'BODY' }],
    lastEventAt: { status: T0 },
  })
  expect(newTemplate(listed({ status: 'PENDING_DELETION' }), T0)).toBeNull()
  expect(newTemplate(listed({ status: 'REJECTED', rejected_reason: 'SCAM' }), T0)?.reason).toBe('SCAM')
})

test.for<[string, object, object | null]>([
  ['a number', { optimization_spec: { bid_amount: 3500, currency: 'USD' } }, { amount: 3500, currency: 'USD' }],
  ['a text', { optimization_spec: { bid_amount: '3500' } }, { amount: 3500, currency: null }],
  ['a member of its own', { bid_amount: 1 }, { amount: 1, currency: null }],
  ['nothing', {}, null],
  ['nonsense', { optimization_spec: { bid_amount: 'a lot' } }, null],
])('the maximum price is taken as %s', ([, members, expected]) => {
  expect(newTemplate(listed(members), T0)?.maxPrice ?? null).toEqual(expected)
  const known = stored({ maxPrice: { amount: 7, currency: null } })
  expect(mergeTemplate(known, listed(members), after(60))).toMatchObject({ maxPrice: expected })
})

test('the time to live is taken as Meta lists it; a list without it keeps what is known', () => {
  expect(newTemplate(listed({ message_send_ttl_seconds: 600 }), T0)?.messageSendTtlSeconds).toBe(600)
  const known = stored({ messageSendTtlSeconds: 600 })
  expect(mergeTemplate(known, listed(), after(60))).toBeNull()
  expect(mergeTemplate(known, listed({ message_send_ttl_seconds: -1 }), after(60))).toMatchObject({ messageSendTtlSeconds: -1 })
  expect(mergeTemplate(known, listed({ id: '8' }), after(60))).toMatchObject({ metaTemplateId: '8', messageSendTtlSeconds: null })
})

test('an unchanged list changes nothing', () => {
  expect(mergeTemplate(stored(), listed(), after(60))).toBeNull()
})

test('the newer of webhook and list counts for each topic', () => {
  const doc = stored({ status: 'PAUSED', reason: 'FIRST_PAUSE', quality: 'RED', lastEventAt: { status: after(90), quality: T0 } })
  expect(mergeTemplate(doc, listed(), after(60))).toEqual({
    quality: 'GREEN',
    lastEventAt: { status: after(90), quality: after(60) },
  })
  expect(mergeTemplate(doc, listed(), after(120))).toMatchObject({ status: 'APPROVED', reason: null, quality: 'GREEN' })
})

test("a webhook's reason is kept while the status stays the same", () => {
  expect(mergeTemplate(stored({ status: 'PAUSED', reason: 'FIRST_PAUSE' }), listed({ status: 'PAUSED' }), after(60))).toBeNull()
})

test('new texts bring new variables, and variables that stay keep their names', () => {
  const own = { name: 'who', position: 1, description: 'First name', example: null, component: 'BODY' }
  const doc = stored({ variables: [own] })
  const text = 'Hello {{1}}, this is {{2}}.'
  const fields = mergeTemplate(doc, listed({ components: [{ type: 'BODY', text }] }), after(60))
  expect(fields?.variables).toEqual([own, { name: '2', position: 2, description: null, example: null, component: 'BODY' }])
  expect(mergeTemplate(doc, listed({ components: [] }), after(60))).toBeNull()
})

test('a template with an unknown submission is linked when the list contains it', () => {
  const submission = { state: 'UNKNOWN' as const, at: T0, detail: null }
  const doc = stored({ metaTemplateId: null, submission, status: 'PENDING', lastEventAt: {} })
  expect(mergeTemplate(doc, listed(), after(60))).toMatchObject({ metaTemplateId: '7', submission: null, status: 'APPROVED' })
})

test('a template that people disabled stays disabled until Meta has another one of its name', () => {
  const doc = stored({ status: 'DISABLED', reason: 'deleted', disabledAt: T0 })
  expect(mergeTemplate(doc, listed(), after(60))).toBeNull()
  expect(mergeTemplate(doc, listed({ id: '8' }), after(60))).toMatchObject({
    metaTemplateId: '8',
    status: 'APPROVED',
    disabledAt: null,
  })
})

test('an announced category change is removed once it has happened', () => {
  const doc = stored({ categoryChange: { to: 'MARKETING', at: T0 } })
  expect(mergeTemplate(doc, listed({ category: 'MARKETING' }), after(60))).toMatchObject({
    category: 'MARKETING',
    categoryChange: null,
  })
})
