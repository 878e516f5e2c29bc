import { expect, test } from 'vitest'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { isUnanswered, listTime, secondOf } from './submit.ts'

const ASKED = new Date('2026-11-21T12:00:10.700Z')
const at = (time: string) => new Date(`2026-11-21T12:00:${time}Z`)
const row = (updated: string, eventAt?: string) =>
  ({ updatedAt: at(updated), lastEventAt: eventAt ? { status: at(eventAt) } : {} }) as Partial<TemplateDoc> as TemplateDoc

test.for<[string, TemplateDoc, TemplateDoc, boolean]>([
  ['the row is unchanged', row('10.100', '10.000'), row('10.100', '10.000'), true],
  ['another field was written', row('10.100', '05.000'), row('10.900', '05.000'), true],
  ['another field was written before any report', row('10.100'), row('10.900'), true],
  ['a later second was reported', row('10.100', '05.000'), row('11.200', '11.000'), false],
  ['the second of the call was reported', row('10.100', '05.000'), row('10.900', '10.000'), false],
  ['the second of the call was reported again', row('10.100', '10.000'), row('10.900', '10.000'), false],
])("a webhook's report is distinguished from our own write: %s", ([, before, now, expected]) => {
  expect(isUnanswered(now, before, 'status', ASKED)).toBe(expected)
})

test("Meta's times are whole seconds: a list counts as of the second before", () => {
  expect([secondOf(ASKED), listTime(ASKED)]).toEqual([at('10.000'), at('09.000')])
})
