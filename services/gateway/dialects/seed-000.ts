import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import { listTemplates } from '#shared/store/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { Paging } from '../routes/schemas.ts'
import { PlainTemplate, plainTemplate } from './template-forms.ts'

/** LinkoJob's templates, as seed 000 shows them; its messages have the addresses of seed 001. */
const tag = 'seed 000'

const list = route({
  method: 'get',
  path: '/api/templates',
  action: 'templates.list',
  tag,
  summary: 'Approved templates, newest first',
  query: z.strictObject({ page: Paging.page, limit: Paging.limit }),
  returns: z.object({ templates: z.array(PlainTemplate), total: z.number().int(), hasMore: z.boolean() }),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { rows, total, hasMore } = await listTemplates(store, tenantId, { status: 'APPROVED' }, request.query)
    return { body: { templates: rows.map(plainTemplate), total, hasMore } }
  },
})

export const seed000Routes = [list]
