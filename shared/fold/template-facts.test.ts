import { readFileSync } from 'node:fs'
import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { parseJson } from '../meta/answers.ts'
import type { TemplateDoc } from '../model/documents.ts'
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

test("the list's own examples are read", () => {
  const { response } = parseJson(readFileSync('test/fixtures/graph/templates-list.json', 'utf8')) as {
    response: { body: { data: unknown[] } }
  }
  const rows = response.body.data.map(listedTemplate)
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.every(row => row !== null && row.components.length > 0)).toBe(true)
})

test.for([null, 'a', {}, { ...LISTED, id: '' }, { ...LISTED, status: 'SPARKLING' }, { ...LISTED, category: 'FUN' }])(
  'what cannot be read is left: %j',
  value => {
    expect(listedTemplate(value)).toBeNull()
  },
)

test('what is new is stored as Meta has it; what is on its way out is not', () => {
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

test('a list that says the same changes nothing', () => {
  expect(mergeTemplate(stored(), listed(), after(60))).toBeNull()
})

test('of each topic the newer word counts, a webhook or the list', () => {
  const doc = stored({ status: 'PAUSED', reason: 'FIRST_PAUSE', quality: 'RED', lastEventAt: { status: after(90), quality: T0 } })
  expect(mergeTemplate(doc, listed(), after(60))).toEqual({
    quality: 'GREEN',
    lastEventAt: { status: after(90), quality: after(60) },
  })
  expect(mergeTemplate(doc, listed(), after(120))).toMatchObject({ status: 'APPROVED', reason: null, quality: 'GREEN' })
})

test('the reason that a webhook told stays while the status does', () => {
  expect(mergeTemplate(stored({ status: 'PAUSED', reason: 'FIRST_PAUSE' }), listed({ status: 'PAUSED' }), after(60))).toBeNull()
})

test('other words bring other variables, and those that stay keep their names', () => {
  const own = { name: 'who', position: 1, description: 'First name', example: null, component: 'BODY' }
  const doc = stored({ variables: [own] })
  const text = 'Hello {{1}}, this is {{2}}.'
  const fields = mergeTemplate(doc, listed({ components: [{ type: 'BODY', text }] }), after(60))
  expect(fields?.variables).toEqual([own, { name: '2', position: 2, description: null, example: null, component: 'BODY' }])
  expect(mergeTemplate(doc, listed({ components: [] }), after(60))).toBeNull()
})

test('a row whose submission nobody saw the end of is linked', () => {
  const submission = { state: 'UNKNOWN' as const, at: T0, detail: null }
  const doc = stored({ metaTemplateId: null, submission, status: 'PENDING', lastEventAt: {} })
  expect(mergeTemplate(doc, listed(), after(60))).toMatchObject({ metaTemplateId: '7', submission: null, status: 'APPROVED' })
})

test('what people took out of use stays so, until it is another template', () => {
  const doc = stored({ status: 'DISABLED', reason: 'deleted', disabledAt: T0 })
  expect(mergeTemplate(doc, listed(), after(60))).toBeNull()
  expect(mergeTemplate(doc, listed({ id: '8' }), after(60))).toMatchObject({
    metaTemplateId: '8',
    status: 'APPROVED',
    disabledAt: null,
  })
})

test('a category that was announced is there', () => {
  const doc = stored({ categoryChange: { to: 'MARKETING', at: T0 } })
  expect(mergeTemplate(doc, listed({ category: 'MARKETING' }), after(60))).toMatchObject({
    category: 'MARKETING',
    categoryChange: null,
  })
})
