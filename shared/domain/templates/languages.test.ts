import { expect, test } from 'vitest'
import { chooseLanguage, languageCode, languageKey, languageMissing } from './languages.ts'

test.for<[string, string]>([
  ['en-US', 'en_US'],
  ['EN_us', 'en_US'],
  ['pt-br', 'pt_BR'],
  ['fr', 'fr'],
  ['FR', 'fr'],
  ['zh-hant-tw', 'zh_Hant_TW'],
  ['', ''],
])('%s is the language %s', ([given, listed]) => {
  expect(languageCode(given)).toBe(listed)
  expect(languageKey(given)).toBe(languageKey(listed))
})

const named = (...rows: [string, string?][]) => rows.map(([language, status = 'APPROVED']) => ({ language, status }))
const chosen = (rows: ReturnType<typeof named>, wanted?: string) => {
  const choice = chooseLanguage(rows, wanted)
  return choice.kind === 'one' ? choice.template.language : [choice.kind, ...choice.languages]
}

test.for<[string, ReturnType<typeof named>, string | undefined, string | string[]]>([
  ['another spelling', named(['pt_BR'], ['fr']), 'pt-br', 'pt_BR'],
  ['another case', named(['en_US']), 'EN_us', 'en_US'],
  ['another country is another language', named(['pt_BR'], ['en_US']), 'pt_PT', ['none', 'en_US', 'pt_BR']],
  ['the language without its country is another one', named(['en_US']), 'en', ['none', 'en_US']],
  ['left out where there is one', named(['pt_BR']), undefined, 'pt_BR'],
  ['left out beside a deleted one', named(['fr', 'DISABLED'], ['en']), undefined, 'en'],
  ['left out where all are disabled', named(['fr', 'DISABLED']), undefined, 'fr'],
  ['left out where there are several', named(['fr'], ['ar'], ['en', 'PENDING']), undefined, ['several', 'ar', 'en', 'fr']],
  ['no template at all', named(), 'fr', ['none']],
  ['no template at all, left out', named(), undefined, ['none']],
  ['of two spellings the one that is written so', named(['en_US'], ['en_us']), 'en_us', 'en_us'],
  ['of two spellings the approved one', named(['en_us', 'PENDING'], ['en_US']), 'en-us', 'en_US'],
])('a template is found by its language: %s', ([, rows, wanted, expected]) => {
  expect(chosen(rows, wanted)).toEqual(expected)
})

test('a refusal names the languages that exist', () => {
  expect(languageMissing('pt_PT', ['en', 'pt_BR'])).toBe(
    'This template does not exist in the language pt_PT. It exists in en, pt_BR.',
  )
  expect(languageMissing(undefined, ['en', 'fr'])).toContain('It exists in en, fr.')
  expect(languageMissing('fr', [])).toContain('no template with this name')
})
