import { z } from 'zod'
import { DEFAULT_STOPS } from '#shared/domain/accounts/spend-ceiling.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { ASSIGNMENT_MODES, NO_ASSIGNMENT } from '#shared/domain/inbox/assignment.ts'
import { MAX_KEEP_DAYS, MIN_KEEP_DAYS } from '#shared/domain/inbox/retention.ts'
import type { PriceRow } from '#shared/domain/prices/price-table.ts'
import { chooseLanguage, languageMissing } from '#shared/domain/templates/languages.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { changeSettings, getTenant } from '#shared/store/accounts/tenants.ts'
import { findTemplatesNamed } from '#shared/store/templates/templates.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf, requireExpected } from '../expected.ts'
import { ObjectIdText } from '../schemas.ts'

const tag = 'settings'
const path = '/api/v1/settings'

export const Currency = z.string().regex(/^[A-Z]{3}$/, 'Must be an ISO 4217 currency code, for example MAD')
const TemplateRef = z.strictObject({ name: z.string().min(1).max(512), language: z.string().min(2).max(20) })
const TemplateWish = TemplateRef.extend({
  language: TemplateRef.shape.language.optional().describe('In any spelling; may be left out where only one exists'),
})
const Price = z.strictObject({
  category: z.string().min(1).max(64).toUpperCase().nullable().default(null),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'Must be an ISO 3166 country code, for example MA')
    .nullable()
    .default(null),
  from: z.iso
    .date()
    .nullable()
    .default(null)
    .describe("First day on which the row holds, in the account's time zone; null: since ever"),
  amount: z.number().min(0).max(1_000_000),
})
const MetaRates = z.strictObject({ currency: Currency, rows: z.array(Price).max(2000) })

const isTimezone = (name: string) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

const isLocale = (name: string) => {
  try {
    return Intl.getCanonicalLocales(name).length === 1
  } catch {
    return false
  }
}

export const Locale = z.string().max(35).refine(isLocale, 'Must be a language tag, for example fr-MA')
export const Timezone = z.string().max(64).refine(isTimezone, 'Must be an IANA time zone, for example Africa/Casablanca')
const Capacity = z.int().min(1).max(10_000)
const Assignment = z.strictObject({
  mode: z.enum(ASSIGNMENT_MODES).describe('`off`: conversations wait until somebody takes them'),
  capacity: Capacity.nullable().default(null).describe('Most open conversations of an agent; null: any number'),
  capacities: z
    .array(z.strictObject({ agentId: ObjectIdText, capacity: Capacity }))
    .max(500)
    .default([])
    .describe('Agents with another capacity'),
  rules: z
    .array(
      z.strictObject({
        label: z.string().min(1).max(64).nullable().default(null),
        clientId: ObjectIdText.nullable().default(null),
        agentIds: z.array(ObjectIdText).min(1).max(500),
      }),
    )
    .max(100)
    .default([])
    .describe('Agents for conversations with a label or of a number; the first rule that fits counts, otherwise all agents'),
  giveBackMinutes: z
    .int()
    .min(1)
    .max(1440)
    .nullable()
    .default(null)
    .describe(
      'How long a customer waits for an assignee who is offline before another agent gets the conversation; null: for ever',
    ),
})

const Percent = z.number().min(0).max(100)
const SpendCeiling = z
  .strictObject({
    amount: z
      .number()
      .min(0)
      .max(1_000_000_000)
      .describe('In the currency of the account for `cost`, of its Meta rates for `metaCost`'),
    of: z.enum(['cost', 'metaCost']).default('cost'),
    campaignsStopAt: Percent.default(DEFAULT_STOPS.campaignsStopAt),
    templatesStopAt: Percent.default(DEFAULT_STOPS.templatesStopAt),
  })
  .refine(({ campaignsStopAt, templatesStopAt }) => campaignsStopAt <= templatesStopAt, {
    error: 'Campaigns stop before other templates: the share must not be greater',
    path: ['campaignsStopAt'],
  })

const Settings = z.strictObject({
  locale: Locale,
  timezone: Timezone,
  currency: Currency,
  initiateTemplate: TemplateRef.nullable().describe('Default template for the first message to a contact'),
  reengageTemplate: TemplateRef.nullable().describe('Default template after the customer service window has closed'),
  prices: z
    .array(Price)
    .max(1000)
    .describe(
      "The company's own prices, shown as `cost`. The most specific row wins, null matches any; of rows for the same the latest in force. A reply costs 0 unless a row has the category SERVICE",
    ),
  metaRates: MetaRates.nullable().describe(
    "Meta's rates for this account, for `metaCost`; they go before the rates that come with Linko. Null: only those",
  ),
  unknownOutcome: z.enum(['fail', 'retry']).describe('How to treat a send whose outcome Meta never reported'),
  maxWaitHours: z.int().min(1).max(720).describe('Hours after which a waiting message fails'),
  leadsEnabled: z.boolean().describe('Create a lead for each new contact that writes'),
  stopWords: z.array(z.string().trim().min(1).max(64)).max(100).describe('Messages that opt their sender out of marketing'),
  sendReadReceipts: z.boolean().describe('Show the customer that a conversation has been read'),
  requireSecondFactor: z.boolean().describe('People who sign in with a password must set up a second factor first'),
  agentsSeeOwnOnly: z
    .boolean()
    .describe('Agents see only conversations that are assigned to them, with their contacts and messages; API keys see all'),
  onlyAssigneeReplies: z.boolean().describe('Users may answer only conversations that are assigned to them'),
  spendCeiling: SpendCeiling.nullable().describe(
    'Most to be spent on messages in a calendar month: a warning at 80 %, then campaigns wait, then other templates, at 100 % replies. Null: no bound',
  ),
  keepMessagesDays: z
    .int()
    .min(MIN_KEEP_DAYS)
    .max(MAX_KEEP_DAYS)
    .nullable()
    .describe(
      'Days for which the contents and files of messages are kept; then they are deleted for good, and times, statuses and costs stay. Null: for ever',
    ),
  assignment: Assignment.describe('Assigns conversations whose customers wait to agents who are available and connected'),
})
type Settings = z.infer<typeof Settings>

const SettingsChange = Settings.partial().extend({
  initiateTemplate: TemplateWish.nullable().optional().describe('Default template for the first message to a contact'),
  reengageTemplate: TemplateWish.nullable().optional().describe('Default template after the customer service window has closed'),
})
type SettingsChange = z.infer<typeof SettingsChange>
const SettingsInput = SettingsChange.extend({
  expected: expectedOf(Settings.partial()),
})
type DefaultTemplate = 'initiateTemplate' | 'reengageTemplate'

const read = route({
  method: 'get',
  path,
  action: 'tenants.read',
  tag,
  summary: 'Get the settings of the account',
  returns: Settings,
  async handle(request, { store }: GatewayDeps) {
    return { body: settingsView(await getTenant(store, callerOf(request).tenantId)) }
  },
})

/** PUT and PATCH are the same partial update. */
const write = (['put', 'patch'] as const).map(method =>
  route({
    method,
    path,
    action: 'tenants.write',
    tag,
    summary: 'Update settings; omitted fields keep their value, and all services apply a change within 5 seconds',
    body: SettingsInput,
    returns: Settings,
    async handle(request, deps: GatewayDeps) {
      const { tenantId, id } = callerOf(request)
      const { initiateTemplate, reengageTemplate, expected, ...others } = request.body
      const templates = await templatesOf(deps, tenantId, { initiateTemplate, reengageTemplate })
      const change = { ...others, ...templates }
      const entry = audited<{ before: TenantDoc; after: TenantDoc }>(request, deps, ({ before, after }) => {
        const changes = changesOf(settingsView(before), settingsView(after), Object.keys(Settings.shape))
        if (Object.keys(changes).length === 0) return null
        return { action: 'tenants.settings', object: { kind: 'tenant', id: tenantId }, changes }
      })
      const { after } = await changeSettings(deps.store, tenantId, change, toId(id), async (done, session) => {
        const { updatedBy } = done.before
        await requireExpected(deps, expected, { tenantId, view: settingsView(done.before), updatedBy })
        await entry(done, session)
      })
      return { body: settingsView(after) }
    },
  }),
)

export const settingRoutes = [read, ...write]

/** The default templates that a change names, in the languages as they are stored. @throws ApiError 422 TEMPLATE_UNKNOWN */
async function templatesOf(
  { store }: GatewayDeps,
  tenantId: string,
  input: Pick<SettingsChange, DefaultTemplate>,
): Promise<Pick<Partial<Settings>, DefaultTemplate>> {
  const found: Pick<Partial<Settings>, DefaultTemplate> = {}
  for (const field of ['initiateTemplate', 'reengageTemplate'] as const) {
    const wanted = input[field]
    if (wanted === undefined) continue
    found[field] = wanted && (await storedTemplate(store, tenantId, field, wanted))
  }
  return found
}

async function storedTemplate(
  store: GatewayDeps['store'],
  tenantId: string,
  field: string,
  { name, language }: z.infer<typeof TemplateWish>,
): Promise<z.infer<typeof TemplateRef>> {
  const choice = chooseLanguage(await findTemplatesNamed(store, tenantId, { name }), language)
  if (choice.kind === 'one') return { name, language: choice.template.language }
  const isUnknown = choice.kind === 'none' && choice.languages.length === 0
  const message = isUnknown ? 'The account has no such template.' : languageMissing(language, choice.languages)
  const detail = `The account has no template with the name and language of \`${field}\`.`
  throw new ApiError(422, 'TEMPLATE_UNKNOWN', isUnknown ? detail : `${detail} ${message}`, { errors: [{ path: field, message }] })
}

function assignmentView({ mode, capacity, capacities, rules, giveBackMinutes } = NO_ASSIGNMENT): Settings['assignment'] {
  return {
    mode,
    capacity,
    capacities: capacities.map(({ agentId, capacity }) => ({ agentId, capacity })),
    rules: rules.map(({ label, clientId, agentIds }) => ({ label, clientId, agentIds: [...agentIds] })),
    giveBackMinutes,
  }
}
const spendCeilingView = (ceiling: TenantDoc['settings']['spendCeiling']): Settings['spendCeiling'] => {
  if (!ceiling) return null
  const { amount, of, campaignsStopAt, templatesStopAt } = ceiling
  return { amount, of, campaignsStopAt, templatesStopAt }
}
const priceView = ({ category, country, from, amount }: PriceRow) => ({ category, country, from: from ?? null, amount })

function settingsView({ settings }: TenantDoc): Settings {
  const ref = (template: Settings['initiateTemplate'] | undefined) =>
    template ? { name: template.name, language: template.language } : null
  return {
    locale: settings.locale,
    timezone: settings.timezone,
    currency: settings.currency,
    initiateTemplate: ref(settings.initiateTemplate),
    reengageTemplate: ref(settings.reengageTemplate),
    prices: settings.prices.map(priceView),
    metaRates: settings.metaRates
      ? { currency: settings.metaRates.currency, rows: settings.metaRates.rows.map(priceView) }
      : null,
    unknownOutcome: settings.unknownOutcome,
    maxWaitHours: settings.maxWaitHours,
    leadsEnabled: settings.leadsEnabled,
    stopWords: [...(settings.stopWords ?? [])],
    sendReadReceipts: settings.sendReadReceipts,
    requireSecondFactor: settings.requireSecondFactor ?? false,
    agentsSeeOwnOnly: settings.agentsSeeOwnOnly ?? false,
    onlyAssigneeReplies: settings.onlyAssigneeReplies ?? false,
    spendCeiling: spendCeilingView(settings.spendCeiling),
    keepMessagesDays: settings.keepMessagesDays ?? null,
    assignment: assignmentView(settings.assignment),
  }
}
