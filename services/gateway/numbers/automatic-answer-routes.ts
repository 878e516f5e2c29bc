import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import type { AutomaticAnswers } from '#shared/domain/inbox/automatic-answer.ts'
import { monthOf } from '#shared/domain/inbox/automatic-answer.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { updateClientAlongside } from '#shared/store/numbers/checks.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf, requireExpected } from '../expected.ts'
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
  handle: async (request, deps: GatewayDeps) => ({ body: await change(request, deps, request.body) }),
})

const Changes = z.strictObject({
  greeting: Text.optional(),
  away: Text.optional(),
  hours: Hours.nullable().optional(),
  monthlyCap: Answers.shape.monthlyCap.unwrap().optional(),
})

const update = route({
  method: 'patch',
  path,
  action: 'clients.write',
  tag,
  summary: 'Change some of the automatic answers of a number; omitted fields keep their value',
  params: IdParams,
  body: Changes.extend({
    expected: expectedOf(Changes),
  }),
  returns: AnswersView,
  async handle(request, deps: GatewayDeps) {
    const { expected, ...fields } = request.body
    return { body: await change(request, deps, fields, expected) }
  },
})

export const automaticAnswerRoutes = [read, write, update]

/** Other writers of a number are few: after so many that were first something is wrong. */
const MOST_TRIES = 20

/** @throws ApiError 404, 409 CHANGED_MEANWHILE */
async function change(
  request: RouteRequest<{ id: string }, unknown, unknown>,
  deps: GatewayDeps,
  fields: Partial<AutomaticAnswers>,
  expected?: Partial<AutomaticAnswers>,
): Promise<z.infer<typeof AnswersView>> {
  const { store, now } = deps
  const { tenantId, id: by } = callerOf(request)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await getClient(store, tenantId, request.params.id)
    const known = answersOf(before)
    await requireExpected(deps, expected, { tenantId, view: known, updatedBy: before.updatedBy })
    const automaticAnswers = { ...known, ...fields }
    const alongside = audited<null>(request, deps, () => ({
      action: 'clients.automaticAnswers',
      object: { kind: 'client', id: request.params.id },
      changes: changesOf(before.automaticAnswers ?? null, automaticAnswers, Object.keys(Answers.shape)),
    }))
    const changes = { automaticAnswers, updatedBy: toId(by) }
    // Whoever changed the number since it was read is read again, so that nothing of theirs is lost.
    const provided = { updatedAt: before.updatedAt }
    if (await updateClientAlongside(store, before, { changes, provided, alongside }))
      return answersView({ ...before, ...changes }, await getCachedTenant(store, tenantId), now())
  }
  throw new ApiError(409, 'CHANGED_MEANWHILE', 'The number is being changed by others all the time. Try again in a moment.')
}

function answersView(client: ClientDoc, { settings }: TenantDoc, now: Date): z.infer<typeof AnswersView> {
  const month = monthOf(now)
  const spent = client.automaticSpending?.month === month ? client.automaticSpending : { month, count: 0, amount: 0 }
  const open = new Date(now.getTime() + 1)
  const waId = client.whatsappNumber.replace(/\D/g, '')
  const about = { category: null, windowExpiresAt: open, freeEntryPointExpiresAt: null, waId, now }
  const { amount, currency } = pricesOf(settings, about).cost
  return {
    ...answersOf(client),
    price: { amount, currency },
    spent: { month: spent.month, count: spent.count, amount: spent.amount },
  }
}

function answersOf(client: ClientDoc): AutomaticAnswers {
  const { greeting, away, hours, monthlyCap } = client.automaticAnswers ?? NONE
  const plain = hours && {
    intervals: hours.intervals.map(({ day, from, to }) => ({ day, from, to })),
    holidays: [...hours.holidays],
  }
  return { greeting, away, hours: plain, monthlyCap }
}

const NONE: AutomaticAnswers = { greeting: null, away: null, hours: null, monthlyCap: null }
