import { expect, test } from 'vitest'
import { endpointProblem, marketingView, type ProductPolicy, policyOf } from './marketing-messages.ts'

test.for<[object, ProductPolicy | null]>([
  [{}, null],
  [{ marketingMessages: false, strict: true }, null],
  [{ marketingMessages: true }, 'CLOUD_API_FALLBACK'],
  [{ marketingMessages: true, strict: true }, 'STRICT'],
])('the choice %j is the policy %s', ([choice, policy]) => {
  expect(policyOf(choice)).toBe(policy)
  expect(marketingView(policy)).toEqual(policy && { strict: policy === 'STRICT' })
})

const maxPrice = { amount: 3500, currency: null }

test.for<[string, boolean, ProductPolicy | null, ReturnType<typeof endpointProblem>]>([
  ['MARKETING', false, null, null],
  ['MARKETING', false, 'STRICT', null],
  ['MARKETING', true, 'CLOUD_API_FALLBACK', null],
  ['MARKETING', true, null, 'needs-marketing-messages'],
  ['UTILITY', false, null, null],
  ['UTILITY', false, 'CLOUD_API_FALLBACK', 'not-marketing'],
])('a template of %s, with a maximum price: %s, by %s: %s', ([category, isCapped, policy, expected]) => {
  expect(endpointProblem({ category, maxPrice: isCapped ? maxPrice : null }, policy)).toBe(expected)
})
