import { expect, test } from 'vitest'
import { addSample, ratesOf, type Sample } from './samples.ts'

const follow = (...samples: [at: number, sent: number][]): readonly Sample[] =>
  samples.reduce<readonly Sample[]>((list, [at, sent]) => addSample(list, { at, sent }, 90_000), [])

test('the rate is that of the seconds before, whatever the distance of two counts', () => {
  const rates = ratesOf(follow([0, 0], [1000, 40], [2000, 80], [2010, 120], [5000, 200])).map(({ rate }) => Math.round(rate))
  expect(rates).toEqual([40, 40, 60, 40])
})

test('what is older than the plot is forgotten, and counts that go back begin anew', () => {
  expect(follow([0, 0], [50_000, 10], [95_000, 20]).map(({ at }) => at)).toEqual([50_000, 95_000])
  expect(follow([0, 100], [1000, 40])).toEqual([{ at: 1000, sent: 40 }])
  expect(ratesOf(follow([0, 5]))).toEqual([])
})
