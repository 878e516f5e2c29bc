import { expect, test } from 'vitest'
import { aloneIn, axisOf, bandsOf, mainCurrency, partsOf, pathOf, shareOf, stacked, unitOf } from './drawing.ts'

const DAY = { received: 9, sent: 10, delivered: 7, read: 4, failed: 2 }

test('the parts of a column are each message once', () => {
  expect(partsOf(DAY)).toEqual({ read: 4, delivered: 3, sent: 3, failed: 2 })
  const columns = stacked([partsOf(DAY)])
  expect(columns.map(({ part, columns: [first] }) => [part, ...(first ?? [])])).toEqual([
    ['read', 0, 4],
    ['delivered', 4, 7],
    ['sent', 7, 10],
    ['failed', 10, 12],
  ])
})

test('an axis begins at zero, ends at a round number, and has no half messages', () => {
  const { ticks, y } = axisOf(1620, 200, true)
  expect([ticks[0], ticks.at(-1)]).toEqual([0, 2000])
  expect([y(0), y(2000)]).toEqual([0, 200])
  expect(axisOf(1, 200, true).ticks).toEqual([0, 1])
  expect(axisOf(0, 200, true).ticks).toEqual([0, 1])
})

test('columns fill the width, are found by their place, and their labels do not touch', () => {
  const bands = bandsOf(30, 600)
  expect(bands.start(0)).toBe(0)
  expect(bands.start(29) + bands.width).toBeCloseTo(600)
  for (const i of [0, 7, 29]) expect(bands.at(bands.start(i) + bands.width / 2)).toBe(i)
  expect([bands.at(-5), bands.at(9999)]).toEqual([0, 29])
  const places = bands.labelled.map(bands.start)
  expect(places.length).toBeGreaterThan(4)
  for (const [i, place] of places.entries()) expect(place - (places[i - 1] ?? -64)).toBeGreaterThanOrEqual(63.9)
  expect((places.at(-1) as number) + 64).toBeLessThanOrEqual(600)
})

test('a line has gaps where nothing is known, and shows a value that stands alone', () => {
  const values = [1, null, 2, 3, null]
  const path = pathOf(
    values.map((value, i) => [i * 10, value] as const),
    100,
    axisOf(4, 100, false),
  )
  expect(path.match(/M/g)).toHaveLength(2)
  expect(path).toContain('20,50L30,25')
  expect(aloneIn(values)).toEqual([0])
})

test('shares of nothing are not known, and durations have the unit in which they are read', () => {
  expect([shareOf(1, 4), shareOf(0, 0)]).toEqual([0.25, null])
  expect([mainCurrency({}), mainCurrency({ EUR: 1, MAD: 9 })]).toEqual([null, 'MAD'])
  expect([30_000, 600_000, 7_300_000].map(ms => unitOf(ms).unit)).toEqual(['seconds', 'minutes', 'hours'])
})
