import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { changeSettings, getTenant } from '#shared/store/accounts/tenants.ts'
import { hasTemplate } from '#shared/store/templates/templates.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'

const tag = 'settings'
const path = '/api/v1/settings'

const TemplateRef = z.strictObject({ name: z.string().min(1).max(512), language: z.string().min(2).max(16) })
const Price = z.strictObject({
  category: z.string().min(1).max(64).toUpperCase().nullable().default(null),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'ISO 3166: MA')
    .nullable()
    .default(null),
  amount: z.number().min(0).max(1_000_000),
})

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

const Settings = z.strictObject({
  locale: z.string().max(35).refine(isLocale, 'a language tag: fr-MA'),
  timezone: z.string().max(64).refine(isTimezone, 'a time zone: Africa/Casablanca'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'ISO 4217: MAD'),
  initiateTemplate: TemplateRef.nullable().describe('Sent to whoever was never written to'),
  reengageTemplate: TemplateRef.nullable().describe('Sent when the window has closed'),
  prices: z.array(Price).max(1000).describe('Of a template; the most particular row wins, null matches any'),
  unknownOutcome: z.enum(['fail', 'retry']).describe('What becomes of a send of which nobody told how it ended'),
  maxWaitHours: z.int().min(1).max(720).describe('A message that waited longer fails'),
  leadsEnabled: z.boolean().describe('Whoever writes first becomes a lead'),
  stopWords: z.array(z.string().trim().min(1).max(64)).max(100).describe('A message that is one of these opts out of marketing'),
  sendReadReceipts: z.boolean().describe('Reading a conversation tells its customer'),
})
type Settings = z.infer<typeof Settings>

const read = route({
  method: 'get',
  path,
  action: 'tenants.read',
  tag,
  summary: 'Settings of the own account',
  returns: Settings,
  async handle(request, { store }: GatewayDeps) {
    return { body: settingsView(await getTenant(store, callerOf(request).tenantId)) }
  },
})

/** Under both verbs: what is left out stays. */
const write = (['put', 'patch'] as const).map(method =>
  route({
    method,
    path,
    action: 'tenants.write',
    tag,
    summary: 'Change settings; what is left out stays. Every service heeds them within 5 seconds',
    body: Settings.partial(),
    returns: Settings,
    async handle(request, deps: GatewayDeps) {
      const { tenantId, id } = callerOf(request)
      await requireTemplates(deps, tenantId, request.body)
      const { before, after } = await changeSettings(deps.store, tenantId, request.body, toId(id))
      const changes = changesOf(settingsView(before), settingsView(after), Object.keys(Settings.shape))
      if (Object.keys(changes).length > 0)
        await recordAudit(request, deps, { action: 'tenants.settings', object: { kind: 'tenant', id: tenantId }, changes })
      return { body: settingsView(after) }
    },
  }),
)

export const settingRoutes = [read, ...write]

/** @throws ApiError 422 for a template that is not here */
async function requireTemplates({ store }: GatewayDeps, tenantId: string, input: Partial<Settings>): Promise<void> {
  for (const field of ['initiateTemplate', 'reengageTemplate'] as const) {
    const wanted = input[field]
    if (!wanted) continue
    const { name, language } = wanted
    if (await hasTemplate(store, tenantId, { name, language })) continue
    throw new ApiError(422, 'TEMPLATE_UNKNOWN', `There is no template ${name} in ${language}`, {
      errors: [{ path: field, message: 'is no template of this account' }],
    })
  }
}

function settingsView({ settings }: TenantDoc): Settings {
  const ref = (template: Settings['initiateTemplate'] | undefined) =>
    template ? { name: template.name, language: template.language } : null
  return {
    locale: settings.locale,
    timezone: settings.timezone,
    currency: settings.currency,
    initiateTemplate: ref(settings.initiateTemplate),
    reengageTemplate: ref(settings.reengageTemplate),
    prices: settings.prices.map(({ category, country, amount }) => ({ category, country, amount })),
    unknownOutcome: settings.unknownOutcome,
    maxWaitHours: settings.maxWaitHours,
    leadsEnabled: settings.leadsEnabled,
    stopWords: [...(settings.stopWords ?? [])],
    sendReadReceipts: settings.sendReadReceipts,
  }
}
