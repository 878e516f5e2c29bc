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
  summary: 'List templates, newest first',
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
  summary: 'Get a template',
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
  summary: 'Create a template and submit it to WhatsApp for review; submit=false only registers it',
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
  summary: 'Update a template, also at WhatsApp; the status can be set only where WhatsApp does not manage it',
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
  summary: 'Delete a template at WhatsApp and disable it here; 409 TEMPLATE_IN_USE while a campaign uses it, unless forced',
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
  summary: 'Start a sync of all templates from WhatsApp, or get the running one; poll its job at /jobs/{id}',
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
  summary: 'Preview a template with its variables filled in; with `to`, also the cost of the send',
  params: IdParams,
  body: PreviewInput,
  returns: PreviewView,
  async handle(request, deps: GatewayDeps) {
    return { body: await previewTemplate(deps, callerOf(request).tenantId, request.params.id, request.body) }
  },
})

export const templateRoutes = [list, one, sync, add, change, remove, preview]
