import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import { listTemplates } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { Paging } from '../schemas.ts'
import { NewTemplate } from '../templates/content.ts'
import { createTemplateOnce } from '../templates/create.ts'
import { PlainTemplate, plainTemplate } from './template-forms.ts'

/** Template routes of LinkoJob's compatibility API; `linkojob-messages.ts` has its messages. */
const tag = 'LinkoJob templates'

const list = route({
  method: 'get',
  path: '/api/templates',
  action: 'templates.list',
  tag,
  summary: 'List approved templates, newest first',
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
    createTemplateOnce('linkojob template', request, deps, { input: request.body, view: plainTemplate }),
})

export const linkoJobTemplateRoutes = [list, add]
