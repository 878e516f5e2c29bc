import { z } from 'zod'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { type Cost, pricesOf } from '#shared/domain/prices/cost.ts'
import { TEMPLATE_CATEGORIES } from '#shared/domain/templates/status.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { GatewayDeps } from '../deps.ts'
import { visibleDestination } from '../messages/recipient.ts'
import { ObjectIdText } from '../schemas.ts'

const PriceView = z.object({ amount: z.number(), currency: z.string(), category: z.string() })

const prices = route({
  method: 'get',
  path: '/api/v1/templates/prices',
  action: 'templates.preview',
  tag: 'templates',
  summary: 'Expected price of a message to a person now: of a template by its category, and of a text while the window is open',
  query: z
    .strictObject({
      to: z.string().min(1).max(80).optional(),
      conversationId: ObjectIdText.optional(),
      clientId: ObjectIdText.optional().describe('Number that sends; by default the primary number'),
    })
    .refine(({ to, conversationId }) => (to === undefined) !== (conversationId === undefined), {
      error: 'Give either `to` or `conversationId`',
      path: ['to'],
    }),
  returns: z.object({
    templates: z.record(z.string(), PriceView).describe('By category: MARKETING, UTILITY, AUTHENTICATION'),
    text: PriceView.nullable().describe('Null while the window is closed'),
    contactId: z.string().nullable().describe('The contact that the message goes to; null for a person who is none yet'),
  }),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const [{ settings }, { conversation, contact, waId, userId }] = await Promise.all([
      getCachedTenant(store, tenantId),
      visibleDestination(store, tenantId, request.query),
    ])
    const { windowExpiresAt = null, freeEntryPointExpiresAt = null } = conversation ?? {}
    const at = now()
    const priceOf = (category: string | null): Cost =>
      pricesOf(settings, { category, windowExpiresAt, freeEntryPointExpiresAt, waId, userId, now: at }).cost
    const templates = Object.fromEntries(TEMPLATE_CATEGORIES.map(category => [category, priceOf(category)]))
    const text = windowIsOpen(windowExpiresAt, at) ? priceOf(null) : null
    return { body: { templates, text, contactId: contact ? String(contact._id) : null } }
  },
})

export const priceRoutes = [prices]
