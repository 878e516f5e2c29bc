import { z } from 'zod'
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from '#shared/domain/templates/status.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { pageView } from '#shared/store/pages.ts'
import { getTemplate, listTemplates } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { JobView, syncJob } from '../operations/job-routes.ts'
import { flagText, IdParams, listOf, Paging } from '../schemas.ts'
import { patchTemplate, removeTemplate } from './change.ts'
import { NewTemplate, TemplatePatch } from './content.ts'
import { createTemplateOnce, orderSync } from './create.ts'
import { PreviewInput, PreviewView, previewTemplate } from './preview.ts'
import { TemplateView, templateView } from './view.ts'

const tag = 'templates'
const path = '/api/v1/templates'

const list = route({
  method: 'get',
  path,
  action: 'templates.list',
  tag,
  summary: 'Templates of the account, newest first',
  query: z.strictObject({
    ...Paging,
    status: z.enum(TEMPLATE_STATES).optional(),
    category: z.enum(TEMPLATE_CATEGORIES).optional(),
  }),
  returns: listOf(TemplateView),
  async handle(request, { store }: GatewayDeps) {
    const { status, category, ...input } = request.query
    const page = await listTemplates(store, callerOf(request).tenantId, { status, category }, input)
    return { body: pageView(page, templateView) }
  },
})

const one = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'templates.list',
  tag,
  summary: 'One template',
  params: IdParams,
  returns: TemplateView,
  async handle(request, { store }: GatewayDeps) {
    return { body: templateView(await getTemplate(store, callerOf(request).tenantId, request.params.id)) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'templates.write',
  tag,
  summary: 'Submit a template to WhatsApp for review, or register one by hand: submit=false',
  body: NewTemplate,
  idempotent: true,
  status: 201,
  returns: TemplateView,
  handle: (request, deps: GatewayDeps) =>
    createTemplateOnce('template', request, deps, { input: request.body, view: templateView }),
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'templates.write',
  tag,
  summary: 'Change content and category, at WhatsApp too; the status by hand where WhatsApp does not manage it; submit',
  params: IdParams,
  body: TemplatePatch,
  returns: TemplateView,
  async handle(request, deps: GatewayDeps) {
    return { body: templateView(await patchTemplate(deps, request, request.params.id, request.body)) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'templates.write',
  tag,
  summary: 'Delete at WhatsApp; here it stays, DISABLED. 409 TEMPLATE_IN_USE while a campaign sends it, unless forced',
  params: IdParams,
  query: z.strictObject({ force: flagText.optional() }),
  returns: TemplateView,
  async handle(request, deps: GatewayDeps) {
    const { force = false } = request.query
    return { body: templateView(await removeTemplate(deps, request, request.params.id, { force })) }
  },
})

const sync = route({
  method: 'post',
  path: `${path}/sync`,
  action: 'templates.sync',
  tag,
  summary: 'Read all templates from WhatsApp; the answer is the job, or the one under way: GET /jobs/{id} tells its end',
  status: 202,
  returns: JobView,
  async handle(request, deps: GatewayDeps) {
    return { body: syncJob(await orderSync(deps, request)) }
  },
})

const preview = route({
  method: 'post',
  path: `${path}/{id}/preview`,
  action: 'templates.preview',
  bucket: 'read',
  tag,
  summary: 'A template with its variables put in, as it would be sent; with to, what it would cost there now',
  params: IdParams,
  body: PreviewInput,
  returns: PreviewView,
  async handle(request, deps: GatewayDeps) {
    return { body: await previewTemplate(deps, callerOf(request).tenantId, request.params.id, request.body) }
  },
})

export const templateRoutes = [list, one, sync, add, change, remove, preview]
