import { NOT_VALID, plainText, readSpelling } from './phone-spelling.ts'

/**
 * How people are found by name, username and phone number: a row keeps folded words (`keys`), and each word of a search must be the
 * beginning of one of them. So an index answers, which the middle of a word would not let it do. A phone number is kept from each of
 * its digits on, and so the beginning of a key is any part of it.
 */

/** What is searched of a person. */
export interface Searched {
  name?: string | null | undefined
  username?: string | null | undefined
  phone?: string | null | undefined
  waId?: string | null | undefined
}

/** Fields whose change changes the keys. */
const SEARCHED = ['name', 'username', 'phone', 'waId'] as const

/** Bounds of what a row keeps: words, characters of a word, and digits of a phone number. */
export const MOST_WORDS = 16
export const MOST_LENGTH = 24
const MOST_DIGITS = 15
/** The shortest end of a phone number that is found. */
export const LEAST_END = 4
/** Fewer digits are no part of a phone number: nearly every number holds them. */
export const LEAST_DIGITS = 3
/** In front of the digits of a phone number, so that a word of one or two digits finds names only. */
export const PHONE_KEY = '#'

/** Keys of a person, each once. @param otherName a second name, as a candidate's */
export function searchKeys({ name, username, phone, waId }: Searched, otherName?: string | null): string[] {
  const words = [name, username, otherName].flatMap(text => wordsIn(text ?? '').flatMap(endsOf))
  return [...new Set([...[...new Set(words)].slice(0, MOST_WORDS), ...phoneKeys(phone ?? waId)])]
}

/** Keys of a phone number: its digits from the first on, from the second on, and so forth. */
export function phoneKeys(phone: string | null | undefined): string[] {
  const digits = (phone ?? '').replace(/\D/g, '').slice(-MOST_DIGITS)
  const starts = Math.max(digits === '' ? 0 : 1, digits.length - LEAST_END + 1)
  return Array.from({ length: starts }, (_, start) => PHONE_KEY + digits.slice(start))
}

/** Changes to a row of a person, with its keys where they change. */
export function withKeys<T extends Searched>(row: T, changes: Partial<T>): Partial<T> & { keys?: string[] } {
  return SEARCHED.some(field => field in changes) ? { ...changes, keys: searchKeys({ ...row, ...changes }) } : changes
}

/**
 * What a search looks for: of each inner list one must be the beginning of a key. Digits that are written as a phone number, in
 * national or international form, are parts of one; alone they may be a word of a name too. Empty when the text has neither letters
 * nor digits nor pictures: then nobody is found.
 */
export function searchTerms(q: string): string[][] {
  const all = wordsIn(q)
  const words = [...new Set(all)].slice(0, MOST_WORDS)
  const digits = all.length === 1 ? null : digitsOf(q)
  if (digits === null) return words.map(word => (/^\d+$/.test(word) ? [word, ...partsOf(word)] : [word]))
  return digits.length < LEAST_DIGITS ? words.map(word => [word]) : [partsOf(digits)]
}

/** Digits as parts of a phone number: as they are, and without the zeros that stand for a country code. */
const partsOf = (digits: string): string[] =>
  [...new Set([digits, digits.replace(/^0+/, '')])].filter(part => part.length >= LEAST_DIGITS).map(part => PHONE_KEY + part)

/** Digits of a text that is a phone number or a part of one; null for any other text. */
function digitsOf(q: string): string | null {
  const spelling = readSpelling(q)
  if ('digits' in spelling) return spelling.digits
  const plain = plainText(q)
  // A number that a spreadsheet damaged may be somebody else's.
  return spelling.problem.key === NOT_VALID.key && /^[\d\s+()./-]*$/.test(plain) ? plain.replace(/\D/g, '') : null
}

/** Runs of letters and digits, and pictures one by one. */
const WORDS = /[\p{L}\p{N}\p{M}]+|\p{Extended_Pictographic}/gu

/** The words of a text in the order in which they stand, folded and cut. */
function wordsIn(text: string): string[] {
  return [...folded(text).matchAll(WORDS)].map(([word]) => cut(word))
}

const cut = (word: string) => (word.length <= MOST_LENGTH ? word : [...word].slice(0, MOST_LENGTH).join(''))

/** Scripts that put no spaces between words: there a name is found from each of its characters on. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{2,8}$/u
const endsOf = (word: string) => (UNSPACED.test(word) ? [...word].map((_, start, all) => all.slice(start).join('')) : [word])

/**
 * A text without case, accents and Arabic vowel signs, its letters in one form each: `É` is `e`, `أ` is `ا`, `٤` is `4`. Marks that
 * are letters of their own, as the vowels of Hindi, stay.
 */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{Default_Ignorable_Code_Point}\u0640]|\p{Script=Inherited}|(?=\p{Mn})[\p{Script=Arabic}\p{Script=Hebrew}]/gu, '')
    .toLowerCase()
    .replace(/\p{Script=Inherited}/gu, '')
    .replace(/\p{Nd}/gu, plainText)
    .replace(/[^ -~]/g, letter => SAME[letter] ?? letter)
}

/** Letters that people write for one another, which do not fall together by taking marks away. */
const SAME: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ʼ: ' ',
  ς: 'σ',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
}
