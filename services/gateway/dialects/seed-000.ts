import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import { listTemplates } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { Paging } from '../routes/schemas.ts'
import { NewTemplate } from '../template-content.ts'
import { createTemplateOnce } from '../templates.ts'
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

const NewBody = NewTemplate.pick({
  name: true,
  language: true,
  category: true,
  header: true,
  body: true,
  footer: true,
  variables: true,
  clientId: true,
}).required({ body: true })

const add = route({
  method: 'post',
  path: '/api/templates',
  action: 'templates.write',
  tag,
  summary: 'Submit a template to WhatsApp for review',
  body: NewBody,
  idempotent: true,
  status: 201,
  returns: PlainTemplate,
  handle: (request, deps: GatewayDeps) =>
    createTemplateOnce('seed 000 template', request, deps, { wish: request.body, view: plainTemplate }),
})

export const seed000Routes = [list, add]
