import { expect, test } from 'vitest'
import { freeRepliesOf, type RepliesOfDay } from './free-replies.ts'

const on = (day: string, replies: number, more: Partial<RepliesOfDay> = {}): RepliesOfDay => ({
  clientId: 'a',
  day,
  replies,
  freeReplies: 0,
  amounts: { USD: replies * 23_000 },
  ...more,
})

test('the first thousand replies of a number and month are free', () => {
  const days = [on('2026-11-02', 600), on('2026-11-01', 300), on('2026-11-03', 400), on('2026-11-04', 50)]
  expect(freeRepliesOf(days, '2026-11-01')).toEqual({ replies: 1000, amounts: { USD: 23_000_000 } })
})

test('each number and each month has its own thousand', () => {
  const days = [on('2026-11-01', 1500), on('2026-12-01', 10), on('2026-11-01', 20, { clientId: 'b' })]
  expect(freeRepliesOf(days, '2026-11-01').replies).toBe(1030)
})

test('what was free before the first day belongs to another bill', () => {
  expect(freeRepliesOf([on('2026-11-01', 900), on('2026-11-20', 300)], '2026-11-15')).toEqual({
    replies: 100,
    amounts: { USD: 2_300_000 },
  })
})

test('where Meta has marked free replies the marks are believed', () => {
  expect(freeRepliesOf([on('2026-11-01', 1500, { freeReplies: 7 })], '2026-11-01')).toEqual({ replies: 7, amounts: {} })
})
