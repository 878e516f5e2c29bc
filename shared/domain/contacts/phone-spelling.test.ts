import fc from 'fast-check'
import { type CountryCode, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js'
import EXAMPLES from 'libphonenumber-js/examples.mobile.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { parsePhone } from './phone-number.ts'

/** Countries with and without a trunk zero, with national numbers from eight to eleven digits. */
const COUNTRIES = ['MA', 'FR', 'DE', 'ID', 'US', 'BR', 'CN', 'CO', 'IT', 'DK', 'TN', 'EG', 'SA', 'NO', 'ES', 'IN'] as const

interface Person {
  country: CountryCode
  /** E.164 digits. */
  waId: string
  national: string
  /** As it is dialled at home, with a zero in front where the country has one. */
  dialled: string
}

const people: fc.Arbitrary<Person> = fc
  .tuple(fc.constantFrom(...COUNTRIES), fc.integer({ min: 0, max: 999_999 }))
  .map(([country, last]) => {
    const national = `${(EXAMPLES as Record<string, string>)[country]?.slice(0, -6)}${String(last).padStart(6, '0')}`
    const waId = `${getCountryCallingCode(country)}${national}`
    const hasTrunkZero = parsePhoneNumberFromString(`0${national}`, country)?.number === `+${waId}`
    return { country, national, waId, dialled: hasTrunkZero ? `0${national}` : national }
  })
  .filter(({ waId }) => parsePhoneNumberFromString(`+${waId}`)?.isValid() === true)

const SPACES = ['', ' ', '\u00a0', '\u202f', '-', '\u2011', '–', '.']
const UNSEEN = ['', '\u200b', '\u200e', '\u200f', '\u2060', '\u202a', '\u202c', '\u2066', '\u2069', '\ufeff', '\u00ad']
const ZEROS = ['0', '٠', '۰', '०', '০', '０']

/** The same digits with marks between them and in one script. */
const dressed = (digits: string) =>
  fc
    .record({
      zero: fc.constantFrom(...ZEROS),
      between: fc.array(fc.tuple(fc.nat({ max: 15 }), fc.constantFrom(...SPACES)), { maxLength: 3 }),
      unseen: fc.array(fc.tuple(fc.nat({ max: 15 }), fc.constantFrom(...UNSEEN)), { maxLength: 4 }),
    })
    .map(({ zero, between, unseen }) => {
      const signs = [...digits].map(digit =>
        /\d/.test(digit) ? String.fromCodePoint(zero.charCodeAt(0) + Number(digit)) : digit,
      )
      for (const [at, mark] of [
        ...between.filter(
          ([at, mark]) => at > 0 && at < digits.length - 2 && !(mark === '.' && /^0*$/.test(digits.slice(at + 1))),
        ),
        ...unseen,
      ])
        if (at < signs.length) signs[at] = `${signs[at]}${mark}`
      return signs.join('')
    })

interface Spelling {
  text: string
  /** Whether it means the person only in the person's own country. */
  isNational: boolean
}
const national = (texts: fc.Arbitrary<string>) => texts.map((text): Spelling => ({ text, isNational: true }))
const whole = (texts: fc.Arbitrary<string>) => texts.map((text): Spelling => ({ text, isNational: false }))
const asDecimals = (digits: string[]) =>
  fc.constantFrom(...digits.flatMap(one => [`${one}.0`, `${one},0`, `${one}.00`, `${one},00`, `'${one}`]))

/** How programs and people write a number, the damaged forms among them. */
const spellings = ({ waId, national: own, dialled }: Person): fc.Arbitrary<Spelling> =>
  fc.oneof(
    whole(dressed(`+${waId}`)),
    whole(dressed(`00${waId}`)),
    whole(dressed(waId)),
    national(dressed(dialled)),
    national(dressed(own)),
    whole(asDecimals([waId, `+${waId}`])),
    national(asDecimals([own, dialled])),
    whole(fc.constantFrom(...[waId, `+${waId}`].flatMap(one => [`${one}.5`, `${one},25`, `-${one}`, `${one} x12`, `${one}#3`]))),
    whole(fc.constantFrom(exponent(waId, waId.length - 1), exponent(waId, 5), exponent(waId, 8))),
    national(fc.constantFrom(exponent(own, own.length - 1), exponent(own, 5))),
    whole(fc.constantFrom(...['::: ', ' / ', '\n', ', ', ';'].map(mark => `+${waId}${mark}+${waId.slice(0, -1)}7`))),
    whole(fc.constant(waId.replace(/\B(?=(\d{3})+$)/g, ','))),
  )

const exponent = (digits: string, places: number) => `${digits[0]}.${digits.slice(1, places + 1)}E+${digits.length - 1}`

test('a number in any spelling is that number or none, whatever the country of the business', () => {
  const property = fc.property(
    people.chain(person => fc.tuple(fc.constant(person), spellings(person), fc.boolean())),
    ([person, { text, isNational }, isHere]) => {
      const home = isHere || isNational ? person.waId : '212600111222'
      const read = parsePhone(text, home)
      if (read !== null) expect(read.waId).toBe(person.waId)
    },
  )
  fc.assert(property, { numRuns: 1500 })
})

test('usual spellings are understood', () => {
  const property = fc.property(
    people.chain(person => fc.tuple(fc.constant(person), fc.oneof(dressed(`+${person.waId}`), dressed(`00${person.waId}`)))),
    ([{ waId }, text]) => {
      // One dot before the last digits is a fraction.
      fc.pre(!/^[^.]*\.[^.]*$/.test(text))
      expect(parsePhone(text, '212600111222')?.waId).toBe(waId)
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test('no text becomes a number whose digits are not its own', () => {
  const sign = fc.oneof(
    fc.constantFrom(...'0123456789'),
    fc.constantFrom(...'0123456789'),
    fc.constantFrom(...'+-.,/() eE', '\u202a', '٣', '\u066b', '\n', "'"),
    fc.string({ unit: 'grapheme', maxLength: 1 }).filter(one => !/\p{N}/u.test(one)),
  )
  const property = fc.property(fc.array(sign, { minLength: 6, maxLength: 24 }), signs => {
    const text = signs.join('')
    const read = parsePhone(text, '212600111222')
    if (read === null || /e/i.test(text)) return
    const ascii = text.replaceAll('٣', '3')
    const digits = [ascii, ascii.replace(/[.,\u066b]0+$/, '')].map(one => one.replace(/\D/g, ''))
    // Behind the country code, and a trunk zero that follows it, the digits are the given ones up to the last.
    const own = String(parsePhoneNumberFromString(`+${read.waId}`)?.nationalNumber)
    expect(digits.some(one => one.endsWith(own))).toBe(true)
  })
  fc.assert(property, { numRuns: 2000 })
})
