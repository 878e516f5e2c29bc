import { expect, test } from 'vitest'
import { z } from 'zod'
import { errorText, summarizeError } from './error-summary.ts'

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

test('an error is its class, message, code and frames, and its cause in the same form', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:27017'), { code: 'ECONNREFUSED' })
  const summary = summarizeError(new RangeError('MongoDB is away', { cause }))
  expect(summary).toMatchObject({
    type: 'RangeError',
    message: 'MongoDB is away',
    cause: { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:27017', code: 'ECONNREFUSED' },
  })
  expect(summary.stack).toMatch(/^\s+at .*error-summary\.test\.ts/)
  expect(summary.stack).not.toContain('MongoDB is away')
})

test('[F53] nothing else that an error carries is shown', () => {
  const error = Object.assign(new Error('bulk write failed'), {
    code: 121,
    writeErrors: [{ err: { op: { text: 'my illness', name: 'Salma B.' } } }],
    config: { headers: { Authorization: 'Bearer abcdefghijklmnop' }, data: '{"text":"my illness"}' },
    command: { args: ['my illness'] },
  })
  const summary = summarizeError(error)
  expect(Object.keys(summary).toSorted()).toEqual(['code', 'message', 'stack', 'type'])
  expect(JSON.stringify(summary)).not.toMatch(/illness|Salma|abcdefg/)
})

test.for<[string, unknown, string]>([
  [
    'a duplicate key',
    new Error('E11000 duplicate key error collection: linko.leads index: tenant_phone dup key: { name: "my illness" }'),
    'E11000 duplicate key error collection: linko.leads index: tenant_phone dup key: {…}',
  ],
  [
    'a cast',
    new Error('Cast to Number failed for value "my illness" (type string) at path "n"'),
    'Cast to Number failed for value "…"',
  ],
  ['an enum', new Error('`my illness` is not a valid enum value for path `status`.'), '`…`.'],
  ['a key for BSON', new Error('key my illness\0 must not contain null bytes'), 'key … must not contain null bytes'],
  ['JSON', thrownBy(() => JSON.parse('my illness')), `Unexpected token 'm', "…" is not valid JSON`],
  ['JSON with quotes', thrownBy(() => JSON.parse('{"a": "my illness" my}')), null as never],
  [
    'a document',
    Object.assign(new Error('Message validation failed: text: my illness'), {
      name: 'ValidationError',
      errors: { text: { kind: 'Number', value: 'my illness' } },
    }),
    'not valid: text (Number)',
  ],
  ['a schema', z.strictObject({ a: z.number() }).safeParse({ a: 'my illness' }).error, 'not valid: a (invalid_type)'],
  ['a text that was thrown', 'told +212661000101', 'told …0101'],
])('[F53] the values that %s quotes are left out', ([, error, message]) => {
  const summary = summarizeError(error)
  if (message !== null) expect(summary.message).toBe(message)
  expect(JSON.stringify(summary)).not.toContain('illness')
})

test('what the broker says is kept: it quotes names of queues only', () => {
  const message = `Operation failed: 406 (PRECONDITION-FAILED) with message "inequivalent arg 'x-max-length' for queue 'q'"`
  expect(summarizeError(Object.assign(new Error(message), { classId: 50, code: 406 })).message).toBe(message)
})

test('a message has at most 300 characters, also where it has lines like frames', () => {
  const { message, stack } = summarizeError(new Error(`${'x'.repeat(400)}\n    at my illness`))
  expect(message).toHaveLength(300)
  expect(stack).not.toContain('illness')
})

test('as text it is one line of what, the frames, and the cause', () => {
  const text = errorText(new Error('first', { cause: new TypeError('second') }))
  expect(text.split('\n')[0]).toBe('Error: first')
  expect(text).toContain('\ncaused by TypeError: second\n')
})
