import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LEAST_DIGITS, LEAST_END, MOST_LENGTH, MOST_WORDS, PHONE_KEY, searchKeys, searchTerms, withKeys } from './search-keys.ts'

/** Whether a search finds somebody, as the database matches. */
function finds(q: string, keys: readonly string[]): boolean {
  const terms = searchTerms(q)
  return terms.length > 0 && terms.every(term => term.some(beginning => keys.some(key => key.startsWith(beginning))))
}
const named = (name: string) => searchKeys({ name })

test.for<[name: string, q: string]>([
  ['Élodie Martin', 'elodie'],
  ['Elodie Martin', 'ÉLO'],
  ['Élodie Martin', 'martin élodie'],
  ['Jean-Marc d’Arc', 'marc arc'],
  ["O'Brien", "o'brien"],
  ['Straße', 'STRASSE'],
  ['Łukasz Bjørn Đỗ', 'lukasz bjorn do'],
  ['İrem Işık', 'irem isik'],
  ['يُوسُف العَلَوي', 'يوسف'],
  ['يوسف', 'يُوسُف'],
  ['أحمد', 'احمد'],
  ['احمد', 'إحمد'],
  ['محمّـــد', 'محمد'],
  ['فاطمة', 'فاطمه'],
  ['مصطفى', 'مصطفي'],
  ['کریم', 'كريم'],
  ['Σίσυφος', 'ΣΙΣΥΦΟΣ'],
  ['Юрий Ёлкин', 'юрии елкин'],
  ['שָׁלוֹם', 'שלום'],
  ['राम कुमार', 'कुमा'],
  ['王小明', '小明'],
  ['김철수', '김철'],
  ['🌸 Salma', '🌸'],
  ['🌸🌺', '🌺'],
  ['Bâtiment ٤٢', '42'],
  ['.*+ a(b', '(b'],
  ['a.b', 'a.b'],
  ['Room 2', '2'],
])('a search of %j finds %j', ([name, q]) => {
  expect(finds(q, named(name))).toBe(true)
})

test.for<[name: string, q: string]>([
  ['Salma Idrissi', 'alma'],
  ['Salma Idrissi', 'salma alaoui'],
  ['Salma', '.*'],
  ['Salma', '.'],
  ['Salma', 's.lma'],
  ['राम', 'रेम'],
  ['Salma', ' '],
])('%j is not found by %j', ([name, q]) => {
  expect(finds(q, named(name))).toBe(false)
})

const SALMA = searchKeys({ name: 'Salma Idrissi', username: 'karim.b_9', phone: '212661000101' }, 'Amina Tazi')

test.for([
  '212661000101',
  '+212 661-000101',
  '00212661000101',
  '0661000101',
  '06 61 00',
  '(0661) 000',
  '٠٦٦١٠٠',
  '0101',
  '01 01',
  '661',
  'salma 0661',
  '661 salma',
  '0661 tazi 0101',
  '@karim.b',
  'karim.b_9',
  'KARIM',
  'tazi',
  'salma tazi',
])('name, username, candidate and number are found by %j', q => {
  expect(finds(q, SALMA)).toBe(true)
})

test.for(['0102', '61', '212 662', 'tazi 0662', '2.12661E+11'])('a number is not found by %j', q => {
  expect(finds(q, SALMA)).toBe(false)
})

test('one or two digits find names alone, which may hold digits', () => {
  expect(searchTerms('2')).toEqual([['2']])
  expect(searchTerms('661')).toEqual([['661', `${PHONE_KEY}661`]])
})

test('without letters, digits and pictures nobody is looked for', () => {
  expect(['', ' ', '.*+', '---', '\u200b'].flatMap(searchTerms)).toEqual([])
})

test('a group, an empty name and a missing number have no keys', () => {
  expect(searchKeys({})).toEqual([])
  expect(searchKeys({ name: '', username: null, phone: '', waId: null }, undefined)).toEqual([])
})

test('a number that is shown takes precedence over the one that WhatsApp has', () => {
  expect(searchKeys({ phone: '1234', waId: '5678' })).toEqual([`${PHONE_KEY}1234`])
  expect(searchKeys({ phone: null, waId: '5678' })).toEqual([`${PHONE_KEY}5678`])
})

test('keys follow a change of a name or number, and of nothing else', () => {
  const row = { name: 'Salma', phone: '1234', username: null, optOut: false }
  expect(withKeys(row, { name: 'Amina' })).toEqual({ name: 'Amina', keys: ['amina', `${PHONE_KEY}1234`] })
  expect(withKeys(row, { optOut: true })).toEqual({ optOut: true })
})

const LETTERS = 'aàbßcçéÉñøİıςΣяйאבاأإآىةهكکيیمُّـ王小명김한र म👩🌸-.\'"*+?^$(){}|[]\\ 0123456789٤'
const name = fc.string({ unit: fc.constantFrom(...LETTERS), maxLength: 40 })
const word = /[\p{L}\p{N}\p{M}]+/gu

test('any word of a name finds it, and any beginning of a word', () => {
  const beginnings = fc.record({ name, from: fc.nat(), length: fc.nat() })
  fc.assert(
    fc.property(beginnings, ({ name: given, from, length }) => {
      const words = given.match(word) ?? []
      const whole = words[from % words.length]
      fc.pre(whole !== undefined && searchTerms(whole).length > 0 && words.length <= MOST_WORDS / 4)
      const part = [...(whole as string)].slice(0, 1 + (length % (whole as string).length)).join('')
      expect(finds(whole as string, named(given))).toBe(true)
      if (searchTerms(part).length > 0) expect(finds(part, named(given))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('any part of a number of three digits or more finds it, but the last three alone', () => {
  const parts = fc.record({ digits: fc.stringMatching(/^[1-9]\d{3,14}$/), from: fc.nat(), length: fc.nat() })
  fc.assert(
    fc.property(parts, ({ digits, from, length }) => {
      const start = from % (digits.length - LEAST_END + 1)
      const size = Math.min(digits.length - start, LEAST_DIGITS + (length % digits.length))
      const part = digits.slice(start, start + size)
      expect(finds(part, searchKeys({ phone: digits }))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('keys are few, short, and of letters, digits and pictures alone, so that none is a pattern', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.string({ unit: 'binary' }), name, (text, raw, other) => {
      const keys = searchKeys({ name: text, username: raw, phone: '212661000101' }, other)
      expect(keys.length).toBeLessThanOrEqual(MOST_WORDS + 12)
      expect(new Set(keys).size).toBe(keys.length)
      const terms = [text, raw, other].flatMap(q => searchTerms(q).flat())
      for (const key of [...keys, ...terms]) {
        expect([...key.normalize('NFKD')].length).toBeLessThanOrEqual(2 * MOST_LENGTH)
        expect(key).toMatch(/^#?[\p{L}\p{N}\p{M}\p{Extended_Pictographic}]+$/u)
        expect(new RegExp(`^${key}$`).test(key)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})
