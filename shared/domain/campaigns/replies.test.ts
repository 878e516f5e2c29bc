import { expect, test } from 'vitest'
import { repliesAfter } from './replies.ts'

const at = (day: number) => new Date(Date.UTC(2026, 10, day))
const lastCampaign = { id: 'b', at: at(10) }

test.for([
  ['nobody was written to', {}, 10, null],
  ['an answer counts', { lastCampaign }, 11, ['b']],
  ['beside earlier campaigns', { lastCampaign, campaignReplies: ['a'] }, 11, ['a', 'b']],
  ['once', { lastCampaign, campaignReplies: ['a', 'b'] }, 11, null],
  ['not before the message', { lastCampaign }, 9, null],
  ['not after a week', { lastCampaign }, 18, null],
] as const)('[design 13] %s', ([, conversation, day, expected]) => {
  const { lastCampaign: last, campaignReplies } = conversation as {
    lastCampaign?: typeof lastCampaign
    campaignReplies?: string[]
  }
  expect(repliesAfter({ ...(last && { lastCampaign: last }), ...(campaignReplies && { campaignReplies }) }, at(day))).toEqual(
    expected,
  )
})

test('only the latest are remembered', () => {
  const campaignReplies = Array.from({ length: 50 }, (_, i) => `c${i}`)
  expect(repliesAfter({ lastCampaign, campaignReplies }, at(11))).toEqual([...campaignReplies.slice(1), 'b'])
})
