import { expect, test } from 'vitest'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { isUnanswered, listTime, secondOf } from './submit.ts'

const ASKED = new Date('2026-11-21T12:00:10.700Z')
const at = (time: string) => new Date(`2026-11-21T12:00:${time}Z`)
const row = (updated: string, eventAt?: string) =>
  ({ updatedAt: at(updated), lastEventAt: eventAt ? { status: at(eventAt) } : {} }) as Partial<TemplateDoc> as TemplateDoc

test.for<[string, TemplateDoc, TemplateDoc, boolean]>([
  ['nobody touched the row', row('10.100', '10.000'), row('10.100', '10.000'), true],
  ['somebody wrote something else', row('10.100', '05.000'), row('10.900', '05.000'), true],
  ['somebody wrote where nothing was heard yet', row('10.100'), row('10.900'), true],
  ['a later second was heard', row('10.100', '05.000'), row('11.200', '11.000'), false],
  ['the second of the call was heard', row('10.100', '05.000'), row('10.900', '10.000'), false],
  ['the second of the call was heard again', row('10.100', '10.000'), row('10.900', '10.000'), false],
])('a webhook is told from our own answer: %s', ([, before, now, expected]) => {
  expect(isUnanswered(now, before, 'status', ASKED)).toBe(expected)
})

test("Meta's words tell whole seconds: a list is as old as the second before", () => {
  expect([secondOf(ASKED), listTime(ASKED)]).toEqual([at('10.000'), at('09.000')])
})
