import { isBusinessScopedId, readPhone } from '../contacts/phone-number.ts'
import { NOT_VALID } from '../contacts/phone-spelling.ts'
import { phoneVariants } from '../contacts/phone-variants.ts'
import { templatePrice } from '../prices/cost.ts'
import { foreseenMetaCost, type MetaRates } from '../prices/meta-cost.ts'
import { type PriceRow, sumOf, timesExactly } from '../prices/price-table.ts'
import { categoryOf } from '../prices/pricing.ts'
import { rowProblem } from '../row-problems.ts'
import { type Sentence, type SentenceKey, sentenceKey } from '../sentence.ts'
import { fillTemplate, type HeaderMedia } from '../templates/fill.ts'
import { describeProblems, keysOfProblems } from '../templates/problem.ts'
import type { FillableTemplate } from '../templates/slots.ts'
import { type Day, type End, forecastCapacity, type Rates, type SendFlow, secondsUntilLast, share } from './forecast.ts'

/** Rules of campaigns: which row is a recipient, what a campaign costs and how long it takes, which state may follow which. */

export interface RowRules {
  columns: { to: string; name: string | null; headerMedia: string | null; variables: Record<string, string> }
  variables: Record<string, string>
  headerMedia: HeaderMedia | null
  template: FillableTemplate
  /** E.164 digits of the sending number, whose country a national form is read in. */
  home: string | null
}

/** A recipient as read from a row of the audience. */
export interface ReadRow {
  to: string
  /** Key of the person, the same in whatever form the number is written; null when the row names nobody. */
  key: string | null
  waId: string | null
  userId: string | null
  country: string | null
  name: string | null
  variables: Record<string, string>
  headerMedia: string | null
  /** Why nothing can be sent to this recipient; null when something can. */
  problem: string | null
  /** The same as keys, one for each sentence. */
  problemKeys: SentenceKey[]
}

/** Reads a row of the audience by its columns, whose names match in upper or lower case. */
export function readRow(record: Readonly<Record<string, string>>, rules: RowRules): ReadRow {
  const { columns } = rules
  const cell = (column: string | null) => (column === null ? null : (record[column.toLowerCase()] ?? '').trim() || null)
  const to = cell(columns.to) ?? ''
  const headerMedia = cell(columns.headerMedia)
  const variables = variablesOf(rules, cell)
  const { refusal, ...person } = personOf(to, rules)
  const row = { to: to.slice(0, 80), name: cell(columns.name)?.slice(0, 200) ?? null, variables, headerMedia, ...person }
  if (person.key === null) return { ...row, ...refused(refusal ?? rowProblem('column-empty', { column: columns.to })) }
  if (headerMedia !== null && !isFile(headerMedia))
    return { ...row, ...refused(rowProblem('column-file-invalid', { column: columns.headerMedia ?? '' })) }
  const filled = fillTemplate(rules.template, variables, mediaOf(rules, headerMedia))
  if (filled.kind === 'filled') return { ...row, problem: null, problemKeys: [] }
  return { ...row, problem: describeProblems(filled.problems), problemKeys: keysOfProblems(filled.problems) }
}

const refused = (sentence: Sentence) => ({ problem: sentence.text, problemKeys: [sentenceKey(sentence)] })

/** Whether a cell names a file: a link, an id of ours or one of Meta's. */
const isFile = (own: string) => /^https:\/\/./i.test(own) || /^([0-9]{1,64}|[0-9a-f]{24})$/.test(own)

/** Header file of a recipient: the link or id in its own cell, otherwise the campaign's. */
export function mediaOf({ headerMedia }: { headerMedia: HeaderMedia | null }, own: string | null): HeaderMedia | undefined {
  if (own === null) return headerMedia ?? undefined
  const name = headerMedia?.filename === undefined ? {} : { filename: headerMedia.filename }
  return /^https:/i.test(own) ? { ...name, link: own } : { ...name, id: own }
}

function variablesOf({ columns, variables }: RowRules, cell: (column: string) => string | null): Record<string, string> {
  const own = Object.entries(columns.variables).flatMap(([variable, column]): [string, string][] => {
    const value = cell(column)
    return value === null ? [] : [[variable, value.slice(0, 1024)]]
  })
  return { ...variables, ...Object.fromEntries(own) }
}

function personOf(to: string, { home, columns: { to: column } }: Pick<RowRules, 'home' | 'columns'>) {
  const none = { key: null, waId: null, userId: null, country: null, refusal: null as Sentence | null }
  if (isBusinessScopedId(to)) return { ...none, key: to, userId: to, country: to.slice(0, 2) }
  const read = readPhone(to, home)
  if ('problem' in read) return { ...none, refusal: to === '' ? null : refusalOf(column, read.problem) }
  const { waId, country } = read
  return { ...none, key: phoneVariants(waId).toSorted()[0] as string, waId, country }
}

/** What is wrong with the number in a column. Where more is known than that it is none, that has the key. */
function refusalOf(column: string, problem: Sentence): Sentence {
  const none = rowProblem('column-phone-invalid', { column })
  return problem.key === NOT_VALID.key
    ? none
    : { key: problem.key, parameters: { ...problem.parameters, column }, text: `${none.text} ${problem.text}` }
}

export interface EstimateInput {
  recipients: number
  countries: Readonly<Record<string, number>>
  category: string
  prices: readonly PriceRow[]
  metaRates: MetaRates | null
  /** When it is sent: the table may have other prices for later days. */
  day: string
  currency: string
  /** The campaign itself, and everything else that waits at the tenant's numbers and shares their limits. */
  own: Omit<SendFlow, 'count'>
  others: readonly SendFlow[]
  rates: Rates
  /** Daily limit that the tenant set for itself; null: no limit. */
  perDay: { limit: number; used: number } | null
  /** People whom the portfolio may write to first in 24 h, and how many of them are used up; null: no limit, or not known. */
  messagingLimit: number | null
  messagingUsed: number | null
}

export interface Estimate {
  recipients: number
  cost: { amount: number; currency: string; parts: { category: string; country: string; count: number; amount: number }[] }
  /** What Meta bills for it at most; `unknown` counts the recipients whose rate is not known. */
  metaCost: { amount: number; currency: string; unknown: number }
  /** Time from the first call to the last, at the rate that the limits and the other sends leave. */
  durationSeconds: number
  /** Rate at the beginning. */
  messagesPerSecond: number
  messagingLimit: { limit: number; used: number | null; share: number; exceeded: boolean } | null
}

/** Estimate with the highest possible cost: which messages will be free in an open window is not known in advance. */
export function estimate(input: EstimateInput): Estimate {
  const { recipients, category, currency } = input
  const parts = Object.entries(input.countries)
    .map(([country, count]) => {
      const price = templatePrice(input.prices, { category, country: country === '??' ? null : country, day: input.day })
      return { category: category.toLowerCase(), country, count, amount: timesExactly(price, count) }
    })
    .toSorted((a, b) => b.count - a.count)
  const flows = [{ ...input.own, count: recipients }, ...input.others]
  const [end] = forecastCapacity(flows, input.rates)
  const [perSecond = 0] = share([{ ...input.own, count: 1 }, ...input.others], input.rates)
  return {
    recipients,
    cost: { amount: sumOf(parts.map(({ amount }) => amount)), currency, parts },
    metaCost: metaCostOf(input),
    durationSeconds: (end && secondsUntilLast(end.seconds, daysOf(end, input))) ?? 0,
    messagesPerSecond: Math.round(perSecond * 100) / 100,
    messagingLimit: shareOf(input),
  }
}

function metaCostOf({ countries, category, metaRates, day }: EstimateInput): Estimate['metaCost'] {
  const parts = Object.entries(countries).map(([country, count]) => {
    const priced = { category: categoryOf(category), country: country === '??' ? null : country, day }
    return { count, ...foreseenMetaCost(metaRates, priced, null) }
  })
  const known = parts.flatMap(({ amount, count }) => (amount === null ? [] : timesExactly(amount, count)))
  const unknown = parts.reduce((sum, { amount, count }) => (amount === null ? sum + count : sum), 0)
  const { currency } = foreseenMetaCost(metaRates, { category, country: null, day }, null)
  return { amount: sumOf(known), currency, unknown }
}

function daysOf({ sent, sentOfPortfolio }: End, { perDay, messagingLimit, messagingUsed }: EstimateInput): Day[] {
  return [
    ...(perDay ? [{ ...perDay, sent }] : []),
    ...(messagingLimit ? [{ limit: messagingLimit, used: messagingUsed ?? 0, sent: sentOfPortfolio }] : []),
  ]
}

function shareOf({ recipients, messagingLimit: limit, messagingUsed: used }: EstimateInput): Estimate['messagingLimit'] {
  if (limit === null) return null
  return { limit, used, share: Math.round((recipients / limit) * 1000) / 1000, exceeded: recipients + (used ?? 0) > limit }
}

type Status = 'DRAFT' | 'SCHEDULED' | 'RUNNING' | 'PAUSED' | 'DONE' | 'CANCELLED'
export type CampaignAction = 'start' | 'pause' | 'resume' | 'cancel' | 'edit'

const ALLOWED: Record<CampaignAction, readonly Status[]> = {
  start: ['DRAFT', 'SCHEDULED'],
  pause: ['RUNNING', 'SCHEDULED'],
  resume: ['PAUSED'],
  cancel: ['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED'],
  edit: ['DRAFT'],
}

/** States in which an action is allowed: DRAFT → SCHEDULED → RUNNING ⇄ PAUSED → DONE | CANCELLED. */
export const statesFor = (action: CampaignAction): readonly Status[] => ALLOWED[action]
