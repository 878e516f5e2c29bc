import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Announcement, createAnnouncer, type Spoken } from './announcements.ts'

const message = (id: string): Spoken => ({ id, name: 'Ahmed', at: '2026-11-29T14:02:00.000Z', text: `text ${id}` })
let said: Announcement[][]
let announcer: ReturnType<typeof createAnnouncer>
beforeEach(() => {
  vi.useFakeTimers()
  said = []
  announcer = createAnnouncer(announcements => said.push(announcements))
})
afterEach(() => {
  announcer.stop()
  vi.useRealTimers()
})
const add = (...ids: string[]) => ids.forEach(id => void announcer.add(message(id)))
const keys = () => said.map(batch => batch.map(({ key }) => key))

test('the first message is said at once, one that follows within 5 s is said then', () => {
  add('a')
  vi.advanceTimersByTime(0)
  add('b')
  vi.advanceTimersByTime(4999)
  expect(keys()).toEqual([['a']])
  vi.advanceTimersByTime(1)
  expect(keys()).toEqual([['a'], ['b']])
})

test('each message is said once, however often it is told', () => {
  add('a', 'a')
  vi.advanceTimersByTime(60_000)
  add('a')
  vi.advanceTimersByTime(60_000)
  expect(keys()).toEqual([['a']])
})

test('up to three are said one by one, more are counted', () => {
  add('a', 'b', 'c')
  vi.advanceTimersByTime(20_000)
  add('d', 'e', 'f', 'g')
  vi.advanceTimersByTime(0)
  expect(said[0]).toHaveLength(3)
  expect(said[1]).toEqual([{ key: 'd 4', count: 4 }])
})

test('nothing is said of a conversation that was left', () => {
  add('a')
  announcer.stop()
  vi.advanceTimersByTime(60_000)
  expect(said).toEqual([])
})
