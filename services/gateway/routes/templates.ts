import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import type { TemplateDoc } from '#shared/store/documents.ts'
import { pageView } from '#shared/store/pages.ts'
import { getTemplate, listTemplates } from '#shared/store/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, Paging } from './schemas.ts'

const tag = 'templates'

export const TemplateView = z.object({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  category: z.enum(['MARKETING', 'UTILITY', 'AUTHENTICATION']),
  status: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED']),
  reason: z.string().nullable(),
  components: z.array(z.record(z.string(), z.unknown())),
  variables: z.array(
    z.object({
      name: z.string(),
      position: z.number().int(),
      description: z.string().nullable(),
      example: z.string().nullable(),
      component: z.string(),
    }),
  ),
  metaTemplateId: z.string().nullable(),
  quality: z.string(),
  /** Announced by WhatsApp. */
  categoryChange: z.object({ to: z.string(), at: z.iso.datetime() }).nullable(),
  usageCount: z.number().int(),
  lastUsedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

const list = route({
  method: 'get',
  path: '/api/v1/templates',
  action: 'templates.list',
  tag,
  summary: 'Templates of the account',
  query: z.strictObject({
    ...Paging,
    status: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED']).optional(),
    category: z.enum(['MARKETING', 'UTILITY', 'AUTHENTICATION']).optional(),
  }),
  returns: listOf(TemplateView),
  async handle(request, { store }: GatewayDeps) {
    const { status, category, ...wish } = request.query
    const page = await listTemplates(store, callerOf(request).tenantId, { status, category }, wish)
    return { body: pageView(page, templateView) }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/templates/{id}',
  action: 'templates.list',
  tag,
  summary: 'One template',
  params: IdParams,
  returns: TemplateView,
  async handle(request, { store }: GatewayDeps) {
    return { body: templateView(await getTemplate(store, callerOf(request).tenantId, request.params.id)) }
  },
})

export const templateRoutes = [list, one]

function templateView(doc: TemplateDoc): z.infer<typeof TemplateView> {
  return {
    id: String(doc._id),
    name: doc.name,
    language: doc.language,
    category: doc.category,
    status: doc.status,
    reason: doc.reason ?? null,
    components: doc.components,
    variables: doc.variables.map(({ name, position, description, example, component }) => ({
      name,
      position,
      description,
      example,
      component,
    })),
    metaTemplateId: doc.metaTemplateId ?? null,
    quality: doc.quality,
    categoryChange: doc.categoryChange ? { to: doc.categoryChange.to, at: doc.categoryChange.at.toISOString() } : null,
    usageCount: doc.usageCount,
    lastUsedAt: doc.lastUsedAt?.toISOString() ?? null,
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}
