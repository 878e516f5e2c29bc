import { z } from 'zod'
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from '#shared/domain/templates/status.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { getTemplate, listTemplates } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, Paging } from '../schemas.ts'
import { patchTemplate, removeTemplate } from '../templates/change.ts'
import { NewTemplate, TemplatePatch } from '../templates/content.ts'
import { createTemplateOnce } from '../templates/create.ts'
import { crmListOf } from './crm-views.ts'
import { CrmTemplate, crmTemplate } from './template-forms.ts'

/** Template routes of the CRM module's compatibility API. */
const tag = 'CRM module'
const path = '/api/integrations/whatsapp/templates'

const list = route({
  method: 'get',
  path,
  action: 'templates.list',
  tag,
  summary: 'List templates, newest first',
  query: z.strictObject({
    page: Paging.page,
    limit: z.coerce.number().int().min(1).max(100).default(20),
    status: z.enum(TEMPLATE_STATES).optional(),
    category: z.enum(TEMPLATE_CATEGORIES).optional(),
  }),
  returns: crmListOf(CrmTemplate),
  async handle(request, { store }: GatewayDeps) {
    const { status, category, ...input } = request.query
    const { tenantId } = callerOf(request)
    const { rows, total, page, limit } = await listTemplates(store, tenantId, { status, category }, input)
    return { body: { data: rows.map(crmTemplate), total, page, limit } }
  },
})

const one = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'templates.list',
  tag,
  summary: 'Get a template',
  params: IdParams,
  returns: CrmTemplate,
  async handle(request, { store }: GatewayDeps) {
    return { body: crmTemplate(await getTemplate(store, callerOf(request).tenantId, request.params.id)) }
  },
})

const NewBody = NewTemplate.pick({ name: true, language: true, category: true, componentsJson: true, clientId: true }).required({
  componentsJson: true,
})

/** Registers a template without submitting it, since the CRM module's API has no submission; PATCH sets its status or submits it. */
const add = route({
  method: 'post',
  path,
  action: 'templates.write',
  tag,
  summary: 'Register a template; submit it to WhatsApp later with PATCH {submit: true}',
  body: NewBody,
  idempotent: true,
  status: 201,
  returns: CrmTemplate,
  handle(request, deps: GatewayDeps) {
    const input = { ...request.body, submit: false }
    return createTemplateOnce('crm template', request, deps, { input, view: crmTemplate })
  },
})

const { status, submit } = TemplatePatch.shape
const ChangeBody = z
  .strictObject({ status, submit, componentsJson: NewTemplate.shape.componentsJson })
  .refine(input => Object.keys(input).length > 0, { error: 'Give at least one field to change' })
  .refine(input => !(input.status && input.submit), { error: 'Cannot be combined with submit', path: ['status'] })

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'templates.write',
  tag,
  summary: 'Update or submit a template; the status can be set only where WhatsApp does not manage it',
  params: IdParams,
  body: ChangeBody,
  returns: CrmTemplate,
  async handle(request, deps: GatewayDeps) {
    return { body: crmTemplate(await patchTemplate(deps, request, request.params.id, request.body)) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'templates.write',
  tag,
  summary: 'Disable a template; it is deleted at WhatsApp',
  params: IdParams,
  returns: CrmTemplate,
  async handle(request, deps: GatewayDeps) {
    return { body: crmTemplate(await removeTemplate(deps, request, request.params.id)) }
  },
})

export const crmTemplateRoutes = [list, one, add, change, remove]
