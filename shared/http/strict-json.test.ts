import { describe, expect, test } from 'vitest'
import { cleanText, parseStrictJson, requirePlainKey } from './strict-json.ts'

const nested = (depth: number): string => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth)
const list = (count: number) => `[${Array(count).fill(0)}]`

describe('JSON of a caller', () => {
  test.for<[string, string]>([
    ['20 levels', nested(20)],
    ['2,000 items', list(2000)],
    ['a whole pair of surrogates', '"\\ud83d\\ude00"'],
    ['a dollar sign in a value', '{"text":"$5"}'],
  ])('may have %s', ([, text]) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text))
  })

  test.for<[string, string, string]>([
    ['half of JSON', '{"a":', 'BODY_NOT_JSON'],
    ['nothing', '', 'BODY_NOT_JSON'],
    ['21 levels', nested(21), 'BODY_INVALID'],
    ['2,001 items', list(2001), 'BODY_INVALID'],
    ['__proto__', '{"__proto__":{"isAdmin":true}}', 'BODY_INVALID'],
    ['prototype, deep within', '{"a":[{"b":{"prototype":1}}]}', 'BODY_INVALID'],
    ['an operator', '{"a":{"$gt":""}}', 'BODY_INVALID'],
    ['a dotted key', '{"a.b":1}', 'BODY_INVALID'],
    ['NUL in a key', '{"a\\u0000":1}', 'BODY_INVALID'],
    ['NUL in a text', '{"a":"b\\u0000"}', 'BODY_INVALID'],
    ['a first half without its second', '"\\ud83d"', 'BODY_INVALID'],
    ['a second half without its first', '"\\ude00"', 'BODY_INVALID'],
  ])('may not have %s', ([, text, errorCode]) => {
    expect(() => parseStrictJson(text)).toThrow(expect.objectContaining({ status: 400, errorCode }))
  })

  test('is refused with the path of the problem', () => {
    const wrong = () => parseStrictJson('{"list":[{},{"b":"\\u0000"}]}')
    expect(wrong).toThrow(
      expect.objectContaining({ errors: [{ path: 'list.1.b', message: 'The text contains NUL or half of a surrogate pair.' }] }),
    )
  })
})

test('two encodings of one text become the same', () => {
  expect(cleanText('e\u0301', 'q')).toBe('é')
  expect(parseStrictJson('{"a":"e\\u0301"}')).toEqual({ a: 'é' })
})

test('a forbidden key of a query has the error of a query', () => {
  expect(() => requirePlainKey('$where', '', 'QUERY_INVALID')).toThrow(expect.objectContaining({ errorCode: 'QUERY_INVALID' }))
  expect(() => requirePlainKey('limit', '')).not.toThrow()
})
