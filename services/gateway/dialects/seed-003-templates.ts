import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import { getTemplate, listTemplates } from '#shared/store/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, Paging } from '../routes/schemas.ts'
import { crmListOf } from './seed-003-views.ts'
import { CrmTemplate, crmTemplate } from './template-forms.ts'

/** The templates of seed 003. */
const tag = 'seed 003'
const path = '/api/integrations/whatsapp/templates'

const list = route({
  method: 'get',
  path,
  action: 'templates.list',
  tag,
  summary: 'Templates of the account, newest first',
  query: z.strictObject({
    page: Paging.page,
    limit: z.coerce.number().int().min(1).max(100).default(20),
    status: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED']).optional(),
    category: z.enum(['MARKETING', 'UTILITY', 'AUTHENTICATION']).optional(),
  }),
  returns: crmListOf(CrmTemplate),
  async handle(request, { store }: GatewayDeps) {
    const { status, category, ...wish } = request.query
    const { rows, total, page, limit } = await listTemplates(store, callerOf(request).tenantId, { status, category }, wish)
    return { body: { data: rows.map(crmTemplate), total, page, limit } }
  },
})

const one = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'templates.list',
  tag,
  summary: 'One template',
  params: IdParams,
  returns: CrmTemplate,
  async handle(request, { store }: GatewayDeps) {
    return { body: crmTemplate(await getTemplate(store, callerOf(request).tenantId, request.params.id)) }
  },
})

export const seed003TemplateRoutes = [list, one]
