import { i18n } from '@lingui/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../api/problem.ts'
import { loadTexts, setLanguage } from '../i18n/i18n.ts'
import { say, sayDetail, sayFailure, sayReason, sayRefusal } from './say.ts'
import texts from './texts.json'

const bare = (text: string | null) => text?.replace(/[\u2068\u2069]/g, '')
const arabic = (id: keyof typeof texts) => texts[id].ar

beforeAll(async () => {
  await loadTexts('lib/server')
  await setLanguage('ar')
})
afterAll(() => setLanguage('en'))

const given = { status: 422, errorCode: 'PHONE_INVALID', detail: '`to`: The phone number has a fraction.' }

test('a refusal is said by the most particular name that is known, and else in English', () => {
  const detailKey = { key: 'phone-fraction', parameters: {} }
  expect(new Problem({ ...given, detailKey }).detail).toBe(arabic('server.phone-fraction'))
  expect(new Problem({ ...given, detailKey: { key: 'of-a-later-version', parameters: {} } }).detail).toBe(
    arabic('server.PHONE_INVALID'),
  )
  expect(new Problem({ ...given, errorCode: 'OF_A_LATER_VERSION' }).detail).toBe(given.detail)
  expect(new Problem({ ...given, detailKey }).message).toBe(given.detail)
})

test('values stand in the sentence, each with a direction of its own', () => {
  const said = say('The contact is already in row 7.', { key: 'contact-repeated', parameters: { row: '7' } })
  expect(said).toContain('\u20687\u2069')
  expect(bare(said)).toBe(arabic('server.contact-repeated').replace('{row}', '7'))
})

test('a refusal of fields says each of them', () => {
  const errors = [
    { path: 'name', message: 'Too small', messageKey: { key: 'field-empty', parameters: {} } },
    { path: 'hours', message: 'Must end after it begins' },
  ]
  expect(bare(sayRefusal({ errorCode: 'BODY_INVALID', detail: 'name: Too small', errors }))).toBe(
    `${arabic('server.BODY_INVALID')} name: ${arabic('server.field-empty')} hours: Must end after it begins`,
  )
})

test('a failure is said by its name or its code, and one of neither in English', () => {
  const english = { sentence: 'It failed.', nextStep: 'Try again.' }
  expect(sayFailure({ key: 'opted-out', code: null, ...english }).sentence).toBe(arabic('server.failure.opted-out'))
  expect(sayFailure({ key: null, code: 131026, ...english }).nextStep).toBe(arabic('server.failure.131026.next'))
  expect(sayFailure({ key: '100/33', code: 100, ...english }).sentence).toBe(arabic('server.failure.100/33'))
  expect(sayFailure({ key: null, code: 219, ...english }).sentence).toBe(arabic('server.failure.200'))
  expect(sayFailure({ key: null, code: 999_999, ...english })).toEqual(english)
})

test('a pause is said by its reason, its code or its kind; what a person wrote stays', () => {
  const number = { reason: 'The token.', reasonKey: null, pauseReason: 'token', pauseCode: null }
  const whole = { key: 'failure.190.whole', parameters: {} }
  const both = `${arabic('server.failure.190')} ${arabic('server.failure.190.next')}`
  expect(sayReason({ ...number, reasonKey: whole })).toBe(both)
  expect(sayReason({ ...number, pauseCode: 190 })).toBe(both)
  expect(sayReason(number)).toBe(arabic('server.pause.token'))
  expect(sayReason({ ...number, pauseReason: 'manual', reason: 'en congé' })).toBe('en congé')
  expect(sayReason({ ...number, pauseReason: null, reason: null })).toBeNull()
})

test('a row says each of its problems with the field; one of an earlier version stays English', () => {
  const keys = [
    { key: 'variable-missing', parameters: { field: 'variables.name' } },
    { key: 'variable-empty', parameters: { field: 'variables.job' } },
  ]
  expect(bare(sayDetail('…', keys))).toBe(
    `variables.name: ${arabic('server.variable-missing')} variables.job: ${arabic('server.variable-empty')}`,
  )
  expect(sayDetail('The row is bad.', [])).toBe('The row is bad.')
})

test('English is the sentence of the server itself', () => {
  i18n.activate('en')
  expect(new Problem(given).detail).toBe(given.detail)
  i18n.activate('ar')
})
