import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PASSWORD_PROBLEMS } from '#shared/auth/password-rules.ts'
import { SEND_ERROR_TABLE } from '#shared/domain/messages/send-error-table.ts'
import { errorName, PLATFORM_FAILURE_KEYS, platformError, UNKNOWN_ERRORS } from '#shared/domain/messages/send-errors.ts'
import { NUMBER_REASONS } from '#shared/domain/numbers/reasons.ts'
import { STEP_TEXTS } from '#shared/domain/onboarding/texts.ts'
import { ROW_PROBLEMS } from '#shared/domain/row-problems.ts'
import { FILL_PROBLEMS } from '#shared/domain/templates/problem.ts'
import { ISSUE_KEYS } from '#shared/http/issues.ts'
import { ROOT } from '#shared/process/config.ts'
import { FILE_PROBLEMS } from '#shared/storage/csv/refused-file.ts'
import { ErrorResponses } from '../../docs/error-responses.ts'
import { readRouteErrors } from '../../docs/route-errors.ts'
import type { Texts } from './texts-plugin.ts'

const FILE = path.join(import.meta.dirname, '../src/lib/server/texts.json')
const texts = JSON.parse(readFileSync(FILE, 'utf8')) as Texts

/** Texts of errors of messages by key: what happened, and what to do. */
const failures = Object.fromEntries(
  [
    ...PLATFORM_FAILURE_KEYS.map(key => [key, platformError(key)] as const),
    ...Object.entries(UNKNOWN_ERRORS),
    ...SEND_ERROR_TABLE.map(row => [errorName(row.code, row.subcode), row] as const),
  ].flatMap(([key, { sentence, nextStep }]) => [
    [`failure.${key}`, sentence],
    [`failure.${key}.next`, nextStep],
  ]),
) as Record<string, string>

/** Sentences that the server makes from a table: English texts by key. */
const SAID: Record<string, string> = {
  ...ROW_PROBLEMS,
  ...FILE_PROBLEMS,
  ...FILL_PROBLEMS,
  ...PASSWORD_PROBLEMS,
  ...NUMBER_REASONS,
  ...STEP_TEXTS,
  ...failures,
}
/** Sentences that are general here, and particular where the server says them in English. */
const OWN_WORDS = ['number.by-hand', 'contact-erased']

const PAUSES = ['token', 'account', 'payment', 'quality', 'registration', 'manual'].map(reason => `pause.${reason}`)
/** Of the app itself before and around its routes, and of the dashboard where no answer came. */
const OF_APP = ['METHOD_NOT_ALLOWED', 'REQUEST_INVALID', 'TOO_LARGE', 'UNREACHABLE', 'UNKNOWN', 'unexplained', 'FILE_GONE']
const codes = [...new ErrorResponses(readRouteErrors()).codes, ...OF_APP]
const keys = [...new Set([...codes, ...Object.keys(SAID), ...ISSUE_KEYS, ...PAUSES])]

test('there are keys of every kind', () => {
  expect(codes.length).toBeGreaterThan(150)
  expect(Object.keys(failures).length).toBeGreaterThan(200)
})

test('every key that the server sends beside a sentence has its text in every language', () => {
  expect(keys.filter(key => !(`server.${key}` in texts))).toEqual([])
})

test('every text is of a key that the server sends', () => {
  const known = new Set(keys.map(key => `server.${key}`))
  expect(Object.keys(texts).filter(id => !known.has(id))).toEqual([])
})

const plain = (text: string) => text.replace(/["“”]/g, '"').replace(/['’]/g, "'").replaceAll('`', '')

test('the English texts are those of the server, so that a change of one is a change of all', () => {
  const other = Object.entries(SAID).filter(
    ([key, text]) => !OWN_WORDS.includes(key) && plain(texts[`server.${key}`]?.en ?? '') !== plain(text),
  )
  expect(other.map(([key]) => key)).toEqual([])
})

test('the texts of steps are those that the steps say', () => {
  const files = [
    ...globSync('services/gateway/onboarding/**/*.ts', { cwd: ROOT }),
    'shared/domain/onboarding/problems.ts',
  ].filter(file => !file.endsWith('.test.ts'))
  const said = files.flatMap(file => {
    const source = readFileSync(path.join(ROOT, file), 'utf8')
    return [...source.matchAll(/\b(?:failed|ownProblem|skipped|done)\(\s*'([^']+)'(?:,\s*'([^']+)')?/g)].flatMap(
      ([, first, second]) => [first, second].filter(text => text !== undefined),
    )
  })
  expect(said.length).toBeGreaterThan(20)
  const known = new Set(Object.values(STEP_TEXTS))
  expect(said.filter(text => !known.has(text))).toEqual([])
})
