import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logged(fields: object): Record<string, unknown> {
  const lines: string[] = []
  createLogger('test', 'info', line => lines.push(line)).info(fields, 'something happened')
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] as string)
}

test('a line has level, time, service and its fields', () => {
  const startedAt = new Date('2026-11-29T11:33:34.123Z')
  expect(logged({ count: 3, startedAt, ids: ['a', 'b'], isDry: false, none: null })).toMatchObject({
    level: 'info',
    service: 'test',
    pid: process.pid,
    msg: 'something happened',
    count: 3,
    startedAt: '2026-11-29T11:33:34.123Z',
    ids: ['a', 'b'],
    isDry: false,
    none: null,
  })
})

test('[F53] secret fields are left out at any depth, however their names are written', () => {
  const line = logged({ a: { b: { c: { access_token: 'x1', AccessToken: 'x2', ok: 1 } } }, headers: { x: 'x3' }, text: 'x4' })
  expect(line.a).toEqual({ b: { c: { access_token: '[redacted]', AccessToken: '[redacted]', ok: 1 } } })
  expect(JSON.stringify(line)).not.toMatch(/x[1-4]/)
})

test('[F53] an error is summarized under whatever name it is logged', () => {
  const error = Object.assign(new Error('it failed'), { config: { data: 'my illness' } })
  const line = logged({ err: error, reason: error, list: [error], odd: { deep: error } })
  expect(line.err).toMatchObject({ type: 'Error', message: 'it failed' })
  expect(line.reason).toMatchObject({ type: 'Error' })
  expect(JSON.stringify(line)).not.toContain('illness')
  expect(logged({ err: { text: 'my illness', name: 'my illness' } }).err).toEqual({ type: 'object', message: '' })
})

test('[F53] phone numbers are shortened, in texts, ids and numbers; times and sizes pass by the name of their field', () => {
  const line = logged({ to: 212661000101, eventId: 's:x:212661000101:', dueAt: 1790000000000, freeBytes: 212661000101 })
  expect(line).toMatchObject({ to: '…0101', eventId: 's:x:…0101:', dueAt: 1790000000000, freeBytes: 212661000101 })
})

test('what has no end is cut', () => {
  const loop: Record<string, unknown> = {
    name: 'x'.repeat(5000),
    rows: Array.from({ length: 100 }, (_, i) => i),
    raw: Buffer.from('a'),
  }
  loop.self = loop
  const line = logged({ loop }).loop as typeof loop
  expect([(line.name as string).length, (line.rows as number[]).length, line.raw]).toEqual([1000, 50, '[bytes]'])
})
