import { expect, test } from 'vitest'
import { campaignPerMinute } from './quality-brake.ts'

const campaign = (category: string, perMinute: number | null = null) => ({ perMinute, template: { category } })
const number = (qualityRating: string | null) => ({ qualityRating, ratePerSecond: 80 })

test.for([
  ['GREEN', 'MARKETING', null],
  [null, 'MARKETING', null],
  ['UNKNOWN', 'MARKETING', null],
  ['YELLOW', 'MARKETING', 2400],
  ['RED', 'MARKETING', 480],
  ['RED', 'UTILITY', null],
] as const)('a number rated %s sends %s at most %s a minute', ([rating, category, perMinute]) => {
  expect(campaignPerMinute(campaign(category), number(rating))).toBe(perMinute)
})

test("the lower of the campaign's rate and the rating's counts, and campaigns of one number share it", () => {
  expect(campaignPerMinute(campaign('MARKETING', 100), number('YELLOW'))).toBe(100)
  expect(campaignPerMinute(campaign('MARKETING', 5000), number('YELLOW'), 2)).toBe(1200)
  expect(campaignPerMinute(campaign('UTILITY', 30), number('RED'))).toBe(30)
})
