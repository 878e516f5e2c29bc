import { describe, expect, test } from 'vitest'
import { type EstimateInput, estimate, type RowRules, readRow } from './campaign.ts'

const rules: RowRules = {
  columns: { to: 'Phone', name: 'name', headerMedia: null, variables: { candidateName: 'name', jobTitle: 'job' } },
  variables: { jobTitle: 'Vendeur' },
  headerMedia: null,
  template: {
    components: [{ type: 'BODY', text: 'Bonjour {{1}}, {{2}}' }],
    parameterFormat: 'POSITIONAL',
    variables: [
      { name: 'candidateName', position: 1, component: 'BODY' },
      { name: 'jobTitle', position: 2, component: 'BODY' },
    ],
  },
  home: '212600111222',
}

describe('a row', () => {
  test('gives a person in any usual form, and variables from their columns', () => {
    expect(readRow({ phone: ' 0661-000101 ', name: 'Salma', job: 'Comptable' }, rules)).toEqual({
      to: '0661-000101',
      key: '212661000101',
      waId: '212661000101',
      userId: null,
      country: 'MA',
      name: 'Salma',
      variables: { candidateName: 'Salma', jobTitle: 'Comptable' },
      headerMedia: null,
      problem: null,
      problemKeys: [],
    })
  })

  test("takes the campaign's value for an empty cell", () => {
    expect(readRow({ phone: '+212661000101', name: 'Salma', job: '' }, rules).variables.jobTitle).toBe('Vendeur')
  })

  test('has one key for a Brazilian number with and without the ninth digit', () => {
    const keys = ['5511987654321', '551187654321'].map(phone => readRow({ phone, name: 'x' }, rules).key)
    expect(new Set(keys).size).toBe(1)
  })

  test('names its problem', () => {
    expect(readRow({ phone: '', name: 'x' }, rules).problem).toBe('The column Phone is empty.')
    expect(readRow({ phone: '', name: 'x' }, rules).problemKeys).toEqual([
      { key: 'column-empty', parameters: { column: 'Phone' } },
    ])
    const rounded = readRow({ phone: '2,12661E+11', name: 'x' }, rules)
    expect(rounded.problem).toMatch(/^The column Phone contains no valid phone number\. The phone number was written by/)
    expect(rounded.problemKeys).toEqual([{ key: 'phone-exponent', parameters: { column: 'Phone' } }])
    expect(readRow({ phone: '+212661000101', name: 'a\tb' }, rules).problemKeys).toEqual([
      { key: 'variable-line-break', parameters: { field: 'variables.candidateName' } },
    ])
    expect(readRow({ phone: 'abc', name: 'x' }, rules).problem).toBe('The column Phone contains no valid phone number.')
    expect(readRow({ phone: '+212661000101', name: '' }, rules).problem).toContain('candidateName')
    expect(readRow({ phone: '+212661000101', name: 'a\tb' }, rules).problem).toContain('line break or a tab')
  })
})

const flow = { phoneNumberId: '1', portfolioId: 'p', priority: 'campaign' as const, mostPerSecond: Infinity }
const input: EstimateInput = {
  recipients: 1000,
  countries: { MA: 900, FR: 90, '??': 10 },
  category: 'MARKETING',
  prices: [
    { category: null, country: null, amount: 0.4 },
    { category: 'MARKETING', country: 'FR', amount: 1.25 },
  ],
  currency: 'MAD',
  metaRates: null,
  day: '2026-10-01',
  own: flow,
  others: [{ ...flow, count: 600 }],
  rates: { numbers: new Map([['1', 80]]), sharedRate: Infinity },
  perDay: null,
  messagingLimit: 2000,
  messagingUsed: 300,
}

describe('an estimate', () => {
  test('sums the cost by country, the time at the rate, the share of the messaging limit', () => {
    const estimated = estimate(input)
    expect(estimated.cost.amount).toBe(900 * 0.4 + 90 * 1.25 + 10 * 0.4)
    expect(estimated.cost.parts[1]).toEqual({ category: 'marketing', country: 'FR', count: 90, amount: 112.5 })
    expect(estimated.metaCost).toEqual({ amount: 900 * 0.0414 + 90 * 0.0859, currency: 'USD', unknown: 10 })
    expect(estimated.durationSeconds).toBe(20)
    expect(estimated.messagingLimit).toEqual({ limit: 2000, used: 300, share: 0.5, exceeded: false })
  })

  test('lets messages beyond the daily limit wait for the next day, and counts the other campaigns of the portfolio', () => {
    expect(estimate({ ...input, others: [], messagingLimit: 250 }).durationSeconds).toBe(5 * 86_400)
    expect(estimate({ ...input, messagingLimit: 250 }).durationSeconds).toBe(7 * 86_400)
    expect(estimate({ ...input, perDay: { limit: 1000, used: 400 } }).durationSeconds).toBe(86_400)
  })

  test("shares the account's minute with campaigns of its other numbers", () => {
    const rates = { numbers: new Map(Object.entries({ 1: 80, 2: 80 })), sharedRate: 1 }
    const alone = estimate({ ...input, rates, others: [] })
    expect(alone).toMatchObject({ durationSeconds: 1000, messagesPerSecond: 1 })
    const others = [{ ...flow, phoneNumberId: '2', count: 600 }]
    expect(estimate({ ...input, rates, others })).toMatchObject({ durationSeconds: 1600, messagesPerSecond: 0.5 })
    const free = { ...rates, sharedRate: Infinity }
    expect(estimate({ ...input, rates: free, others })).toMatchObject({ durationSeconds: 13, messagesPerSecond: 80 })
  })

  test("is no faster than the campaign's own rate", () => {
    const own = { ...flow, mostPerSecond: 0.5 }
    expect(estimate({ ...input, own })).toMatchObject({ durationSeconds: 2000, messagesPerSecond: 0.5 })
  })
})
