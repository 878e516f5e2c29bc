import { z } from 'zod'
import type { AutomaticAnswers } from '#shared/domain/inbox/automatic-answer.ts'
import { monthOf } from '#shared/domain/inbox/automatic-answer.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { updateClientAlongside } from '#shared/store/numbers/checks.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'

const tag = 'numbers'
const path = '/api/v1/phone-numbers/{id}/automatic-answers'

const Text = z.string().trim().min(1).max(1024).nullable()
const Time = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'Must be a time as 09:00; 24:00 ends a day')
const Interval = z
  .strictObject({ day: z.int().min(1).max(7).describe('1 is Monday'), from: Time, to: Time })
  .refine(({ from, to }) => from < to, { error: 'Must end after it begins', path: ['to'] })
const Hours = z.strictObject({
  intervals: z.array(Interval).max(50).describe("When people answer, in the account's time zone; a day may have several"),
  holidays: z.array(z.iso.date()).max(400).default([]).describe('Dates without working hours'),
})

const Answers = z.strictObject({
  greeting: Text.default(null).describe('Sent once when a conversation begins or is opened again'),
  away: Text.default(null).describe('Sent once to each person in each closed period'),
  hours: Hours.nullable().default(null).describe('Working hours; null: people always answer'),
  monthlyCap: z.number().min(0).max(1_000_000_000).nullable().default(null).describe('Most that they may cost in a month (UTC)'),
})

const AnswersView = Answers.extend({
  price: z.object({
    amount: z.number().describe("What one answer costs a person of the number's own country, by the price table"),
    currency: z.string(),
  }),
  spent: z.object({ month: z.string(), count: z.int(), amount: z.number() }).describe('This month, by what was expected of each'),
})

const read = route({
  method: 'get',
  path,
  action: 'clients.read',
  tag,
  summary: 'Greeting and away message of a number, with what they cost',
  params: IdParams,
  returns: AnswersView,
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const client = await getClient(store, tenantId, request.params.id)
    return { body: answersView(client, await getCachedTenant(store, tenantId), now()) }
  },
})

const write = route({
  method: 'put',
  path,
  action: 'clients.write',
  tag,
  summary: 'Set the greeting, the away message and the working hours of a number',
  params: IdParams,
  body: Answers,
  returns: AnswersView,
  async handle(request, deps: GatewayDeps) {
    const { store, now } = deps
    const { tenantId } = callerOf(request)
    const before = await getClient(store, tenantId, request.params.id)
    const changes = { automaticAnswers: request.body }
    const alongside = audited<null>(request, deps, () => ({
      action: 'clients.automaticAnswers',
      object: { kind: 'client', id: request.params.id },
      changes: changesOf(before.automaticAnswers ?? null, request.body, Object.keys(Answers.shape)),
    }))
    await updateClientAlongside(store, before, { changes, provided: {}, alongside })
    return { body: answersView({ ...before, ...changes }, await getCachedTenant(store, tenantId), now()) }
  },
})

export const automaticAnswerRoutes = [read, write]

function answersView(client: ClientDoc, { settings }: TenantDoc, now: Date): z.infer<typeof AnswersView> {
  const { greeting, away, hours, monthlyCap } = client.automaticAnswers ?? NONE
  const month = monthOf(now)
  const spent = client.automaticSpending?.month === month ? client.automaticSpending : { month, count: 0, amount: 0 }
  const open = new Date(now.getTime() + 1)
  const waId = client.whatsappNumber.replace(/\D/g, '')
  const about = { category: null, windowExpiresAt: open, freeEntryPointExpiresAt: null, waId, now }
  const { amount, currency } = pricesOf(settings, about).cost
  return {
    greeting,
    away,
    hours: hours && { intervals: hours.intervals.map(({ day, from, to }) => ({ day, from, to })), holidays: [...hours.holidays] },
    monthlyCap,
    price: { amount, currency },
    spent: { month: spent.month, count: spent.count, amount: spent.amount },
  }
}

const NONE: AutomaticAnswers = { greeting: null, away: null, hours: null, monthlyCap: null }
