import { expect, test } from 'vitest'
import { type Consent, refusalOf, type SendRefusal, type TemplateStanding } from './consent.ts'

const nobody = null
const willing = { optOut: false, isBlocked: false }
const optedOut = { optOut: true, isBlocked: false }
const blocked = { optOut: false, isBlocked: true }
const template = (category: string, status = 'APPROVED') => ({ category, status })

test.for<[string, Consent | null, TemplateStanding | null | undefined, SendRefusal | null]>([
  ['a text to anybody', nobody, undefined, null],
  ['a text to somebody who wants no marketing', optedOut, undefined, null],
  ['a text to a blocked person', blocked, undefined, 'blocked'],
  ['a utility template to a blocked person', blocked, template('UTILITY'), 'blocked'],
  ['a withdrawn template to a blocked person', blocked, null, 'blocked'],
  ['marketing to somebody who wants none', optedOut, template('MARKETING'), 'opted-out'],
  ['marketing to somebody willing', willing, template('MARKETING'), null],
  ['utility to somebody who wants no marketing', optedOut, template('UTILITY'), null],
  ['a code to somebody who wants no marketing', optedOut, template('AUTHENTICATION'), null],
  ['a paused template', willing, template('UTILITY', 'PAUSED'), 'template-unavailable'],
  ['a deleted template', willing, null, 'template-unavailable'],
])('[MS-15] %s: %s', ([, person, about, expected]) => {
  expect(refusalOf(person, about)).toBe(expected)
})
