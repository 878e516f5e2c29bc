import { z } from 'zod'
import { ReferralView } from '#shared/contracts/views.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { Id, LeadDoc, PipelineDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changeLead, createLead, deleteLead, findLead, getLead, listLeads, listPipelines } from '#shared/store/contacts/leads.ts'
import { ensureDefaultPipeline } from '#shared/store/contacts/pipelines.ts'
import { pageView } from '#shared/store/pages.ts'
import { referralView, shownPhone } from '#shared/views/views.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, ObjectIdText, Paging, PEOPLE_FOUND, ShortPaging, wholeList } from '../schemas.ts'
import { phoneOf } from './phone-of.ts'

const tag = 'leads'
const path = '/api/v1/leads'

const LeadView = z.object({
  id: z.string(),
  name: z.string(),
  phone: z.string().nullable(),
  status: z.string(),
  source: z.string(),
  pipelineId: z.string(),
  stageId: z.string(),
  contactId: z.string().nullable(),
  referral: ReferralView.nullable().describe('The ad or post from which the contact had come first when a message made the lead'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

const status = z.string().regex(/^[A-Z][A-Z_]{0,31}$/, 'Must be 1 to 32 capital letters or underscores, for example ACTIVE')
const Name = z.string().trim().min(1).max(200)
const Phone = z.string().min(3).max(40).nullable()
const Place = { pipelineId: ObjectIdText.optional(), stageId: ObjectIdText.optional() }

const list = route({
  method: 'get',
  path,
  action: 'leads.read',
  tag,
  summary: 'List leads, newest first',
  query: z.strictObject({
    ...Paging,
    ...Place,
    status: status.optional(),
    q: z.string().trim().min(1).max(100).optional().describe(PEOPLE_FOUND),
  }),
  returns: listOf(LeadView),
  async handle(request, { store }: GatewayDeps) {
    return { body: pageView(await listLeads(store, callerOf(request).tenantId, request.query, request.query), leadView) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'leads.write',
  idempotent: true,
  tag,
  summary: 'Create a lead; a contact who writes from its phone number is linked to it',
  body: z.strictObject({
    name: Name,
    phone: Phone.default(null),
    status: status.default('ACTIVE'),
    source: z.string().trim().min(1).max(64).default('manual'),
    ...Place,
  }),
  status: 201,
  returns: LeadView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const { pipelineId, stageId, phone, ...fields } = request.body
    return withIdempotencyKey(
      deps,
      tenantId,
      idempotencyKeyOf(request.headers),
      { what: 'lead', body: request.body },
      async once => {
        const find = (id: Id) => findLead(deps.store, toId(tenantId), id)
        const lead = await createOnce(once, find, async _id => {
          const place = await placeOf(deps, tenantId, null, { pipelineId, stageId })
          const own = { ...fields, ...place, phone: phone === null ? null : await phoneOf(deps.store, tenantId, phone, 'phone') }
          return await createLead(deps.store, toId(tenantId), { _id, ...own, createdBy: toId(by) })
        })
        return { status: 201, body: leadView(lead) }
      },
    )
  },
})

const one = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'leads.read',
  tag,
  summary: 'Get a lead',
  params: IdParams,
  returns: LeadView,
  async handle(request, { store }: GatewayDeps) {
    return { body: leadView(await getLead(store, callerOf(request).tenantId, request.params.id)) }
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'leads.write',
  tag,
  summary: 'Update a lead or move it to another stage',
  params: IdParams,
  body: z.strictObject({ name: Name.optional(), phone: Phone.optional(), status: status.optional(), ...Place }),
  returns: LeadView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const lead = await getLead(deps.store, tenantId, request.params.id)
    const { pipelineId, stageId, phone, ...fields } = request.body
    const set: Partial<LeadDoc> = { ...fields, updatedBy: toId(by) }
    if (phone !== undefined) set.phone = phone === null ? null : await phoneOf(deps.store, tenantId, phone, 'phone')
    if (pipelineId ?? stageId) Object.assign(set, await placeOf(deps, tenantId, lead, { pipelineId, stageId }))
    return { body: leadView(await changeLead(deps.store, lead, set)) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'leads.write',
  tag,
  summary: 'Delete a lead; a new message from the same contact does not create another one',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const lead = await getLead(deps.store, tenantId, request.params.id)
    const object = { kind: 'lead', id: String(lead._id) }
    await deleteLead(
      deps.store,
      lead,
      toId(by),
      deps.now(),
      audited(request, deps, () => ({ action: 'leads.delete', object })),
    )
    return {}
  },
})

const PipelineView = z.object({
  id: z.string(),
  name: z.string(),
  isDefault: z.boolean(),
  stages: z.array(z.object({ id: z.string(), name: z.string(), order: z.number().int() })),
})

const pipelines = route({
  method: 'get',
  path: '/api/v1/pipelines',
  action: 'pipelines.read',
  tag,
  summary: 'List pipelines with their stages, the default pipeline for new leads first',
  query: z.strictObject(ShortPaging),
  returns: listOf(PipelineView),
  async handle(request, { store }: GatewayDeps) {
    return { body: wholeList((await listPipelines(store, callerOf(request).tenantId)).map(pipelineView), request.query) }
  },
})

export const leadRoutes = [list, add, one, change, remove, pipelines]

/**
 * Pipeline and stage of a lead: the given stage, or the first stage of the given, present or default pipeline.
 * @throws ApiError 422 PIPELINE_UNKNOWN, STAGE_UNKNOWN
 */
async function placeOf(
  { store }: GatewayDeps,
  tenantId: string,
  lead: LeadDoc | null,
  input: { pipelineId?: string | undefined; stageId?: string | undefined },
): Promise<{ pipelineId: Id; stageId: Id }> {
  const wanted = input.pipelineId ?? (lead && String(lead.pipelineId))
  const all = await listPipelines(store, tenantId)
  const pipeline = wanted ? all.find(({ _id }) => String(_id) === wanted) : await ensureDefaultPipeline(store, toId(tenantId))
  if (pipeline === undefined)
    throw new ApiError(422, 'PIPELINE_UNKNOWN', 'The pipeline does not exist. List the pipelines to get their ids.')
  const stages = pipeline.stages.toSorted((a, b) => a.order - b.order)
  const stage = input.stageId === undefined ? stages[0] : stages.find(({ _id }) => String(_id) === input.stageId)
  if (stage === undefined) throw new ApiError(422, 'STAGE_UNKNOWN', 'The stage does not belong to this pipeline.')
  return { pipelineId: pipeline._id, stageId: stage._id }
}

function leadView(doc: LeadDoc): z.infer<typeof LeadView> {
  return {
    id: String(doc._id),
    name: doc.name,
    phone: shownPhone(doc.phone),
    status: doc.status,
    source: doc.source,
    pipelineId: String(doc.pipelineId),
    stageId: String(doc.stageId),
    contactId: doc.contactId ? String(doc.contactId) : null,
    referral: referralView(doc.referral),
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}

const pipelineView = ({ _id, name, isDefault, stages }: PipelineDoc): z.infer<typeof PipelineView> => ({
  id: String(_id),
  name,
  isDefault,
  stages: stages
    .toSorted((a, b) => a.order - b.order)
    .map(stage => ({ id: String(stage._id), name: stage.name, order: stage.order })),
})
