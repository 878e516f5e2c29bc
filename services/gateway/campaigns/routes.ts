import { z } from 'zod'
import { callerOf, type Route, route } from '#shared/http/route.ts'
import type { CampaignDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { countReplies, getCampaign, listCampaigns, moveCampaign } from '#shared/store/campaigns/campaigns.ts'
import { pageView } from '#shared/store/pages.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { CSV_TYPES, IdParams, listOf, Paging } from '../schemas.ts'
import {
  AudienceInput,
  CampaignInput,
  changeCampaign,
  draftCampaign,
  giveAudience,
  giveFile,
  moveByHand,
  needsAudience,
  rerunFailed,
  startCampaign,
} from './campaigns.ts'
import { columnsRoute } from './columns-route.ts'
import { EstimateView, estimateCampaign } from './estimate.ts'
import { EstimateRequest, estimateRequest } from './estimate-request.ts'
import { CampaignView, campaignView } from './view.ts'

const tag = 'campaigns'
const path = '/api/v1/campaigns'
/** Upload limit in bytes; a million rows of four columns are about 60 MB. */
const MOST_BYTES = 200 * 1024 * 1024
/** Largest body with a list of recipients: 2 KiB for each of 2,000. */
const MOST_LIST_BYTES = 4 * 1024 * 1024

const list = route({
  method: 'get',
  path,
  action: 'campaigns.read',
  tag,
  summary: 'List campaigns, newest first',
  query: z.strictObject({
    ...Paging,
    status: z.enum(['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'DONE', 'CANCELLED']).optional(),
  }),
  returns: listOf(CampaignView),
  async handle(request, { store }: GatewayDeps) {
    const { status, ...input } = request.query
    return { body: pageView(await listCampaigns(store, callerOf(request).tenantId, { status }, input), campaignView) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'campaigns.write',
  tag,
  summary: 'Create a campaign draft; give its audience as a list here or with /audience',
  body: CampaignInput.extend({ recipients: AudienceInput.shape.recipients }),
  maxBodyBytes: MOST_LIST_BYTES,
  idempotent: true,
  status: 201,
  returns: CampaignView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { recipients, ...input } = request.body
    return withIdempotencyKey(
      deps,
      caller.tenantId,
      idempotencyKeyOf(request.headers),
      { what: 'campaign', body: request.body },
      async once => {
        const entry = audited<CampaignDoc>(request, deps, row => ({ action: 'campaigns.create', object: objectOf(row) }))
        const draft = await draftCampaign(deps, caller, input, once, entry)
        const campaign = recipients && needsAudience(draft) ? await giveAudience(deps, draft, { recipients }) : draft
        return { status: 201, body: campaignView(campaign) }
      },
    )
  },
})

const one = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'campaigns.read',
  tag,
  summary: 'Get a campaign with its progress',
  params: IdParams,
  returns: CampaignView,
  async handle(request, { store }: GatewayDeps) {
    const campaign = await getCampaign(store, callerOf(request).tenantId, request.params.id)
    const view = campaignView(campaign)
    return { body: { ...view, counts: { ...view.counts, replied: await countReplies(store, campaign) } } }
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'campaigns.write',
  tag,
  summary: 'Update a campaign draft; a change of template or columns has its audience checked again',
  params: IdParams,
  body: CampaignInput.partial(),
  returns: CampaignView,
  async handle(request, deps: GatewayDeps) {
    const before = await getCampaign(deps.store, callerOf(request).tenantId, request.params.id)
    return { body: campaignView(await changeCampaign(deps, callerOf(request), before, request.body)) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'campaigns.write',
  tag,
  summary: 'Delete a campaign draft',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const campaign = await getCampaign(deps.store, tenantId, request.params.id)
    const gone = { deletedAt: deps.now(), updatedBy: toId(by) }
    const entry = audited<CampaignDoc>(request, deps, row => ({ action: 'campaigns.delete', object: objectOf(row) }))
    await deps.store.transaction(async session => entry(await moveCampaign(deps.store, campaign, 'edit', gone, session), session))
    return {}
  },
})

const file = route({
  method: 'put',
  path: `${path}/{id}/audience`,
  action: 'campaigns.write',
  tag,
  summary: 'Upload the audience of a draft as CSV; its rows are checked in the background',
  params: IdParams,
  upload: { types: CSV_TYPES, maxBytes: MOST_BYTES },
  status: 202,
  returns: CampaignView,
  async handle(request, deps: GatewayDeps) {
    const campaign = await getCampaign(deps.store, callerOf(request).tenantId, request.params.id)
    if (request.upload === null) throw new Error('an upload route was called without a file')
    return { body: campaignView(await giveFile(deps, campaign, request.upload)) }
  },
})

const audience = route({
  method: 'post',
  path: `${path}/{id}/audience`,
  action: 'campaigns.write',
  tag,
  summary: 'Set the audience of a draft as a list of recipients or a contact filter',
  params: IdParams,
  body: AudienceInput.refine(({ recipients, contacts }) => (recipients === undefined) !== (contacts === undefined), {
    error: 'Give either recipients or contacts',
  }),
  maxBodyBytes: MOST_LIST_BYTES,
  status: 202,
  returns: CampaignView,
  async handle(request, deps: GatewayDeps) {
    const campaign = await getCampaign(deps.store, callerOf(request).tenantId, request.params.id)
    return { body: campaignView(await giveAudience(deps, campaign, request.body)) }
  },
})

const estimates = [
  route({
    method: 'post',
    path: `${path}/estimate`,
    action: 'campaigns.read',
    tag,
    summary: 'Estimate cost, duration and messaging-limit use of a stored campaign or of a template with an audience',
    body: EstimateRequest,
    maxBodyBytes: MOST_LIST_BYTES,
    returns: EstimateView,
    async handle(request, deps: GatewayDeps) {
      return { body: await estimateRequest(deps, callerOf(request).tenantId, request.body) }
    },
  }),
  route({
    method: 'post',
    path: `${path}/{id}/estimate`,
    action: 'campaigns.read',
    tag,
    summary: 'Estimate cost, duration and messaging-limit use of a campaign',
    params: IdParams,
    returns: EstimateView,
    async handle(request, deps: GatewayDeps) {
      const campaign = await getCampaign(deps.store, callerOf(request).tenantId, request.params.id)
      return { body: await estimateCampaign(deps, campaign) }
    },
  }),
]

const start = route({
  method: 'post',
  path: `${path}/{id}/start`,
  action: 'campaigns.write',
  tag,
  summary: 'Start a campaign now or schedule it',
  params: IdParams,
  body: z.strictObject({
    startAt: z.iso.datetime({ offset: true }).optional(),
    expectedRecipients: z.int().min(0).optional().describe('Refuse the start when the audience has another size'),
  }),
  status: 202,
  returns: CampaignView,
  async handle(request, deps: GatewayDeps) {
    const before = await getCampaign(deps.store, callerOf(request).tenantId, request.params.id)
    const entry = audited<CampaignDoc>(request, deps, after => moveEntry('start', before, after))
    const campaign = await startCampaign(deps, before, request.body, request.traceparent, entry)
    return { body: campaignView(campaign) }
  },
})

const SUMMARIES = {
  pause: 'Pause a campaign; sending stops within a second',
  resume: 'Resume a paused campaign',
  cancel: 'Cancel a campaign permanently; messages already sent are not recalled',
} as const

const moves = (['pause', 'resume', 'cancel'] as const).map(action =>
  route({
    method: 'post',
    path: `${path}/{id}/${action}`,
    action: 'campaigns.write',
    tag,
    summary: SUMMARIES[action],
    params: IdParams,
    body: z.strictObject({ reason: z.string().trim().min(1).max(500).optional() }),
    status: 202,
    returns: CampaignView,
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const before = await getCampaign(deps.store, caller.tenantId, request.params.id)
      const reason = request.body.reason ?? `by ${caller.name}`
      const entry = audited<CampaignDoc>(request, deps, after => moveEntry(action, before, after))
      const campaign = await moveByHand(deps, before, action, reason, request.traceparent, entry)
      return { body: campaignView(campaign) }
    },
  }),
)

const rerun = route({
  method: 'post',
  path: `${path}/{id}/rerun`,
  action: 'campaigns.write',
  tag,
  summary: 'Create a draft for the recipients whose message failed, optionally only with given error codes',
  params: IdParams,
  body: z.strictObject({ name: z.string().trim().min(1).max(200).optional(), codes: z.array(z.int()).min(1).max(50).optional() }),
  idempotent: true,
  status: 201,
  returns: CampaignView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { id } = request.params
    const keyed = { what: 'rerun', id, body: request.body }
    return withIdempotencyKey(deps, caller.tenantId, idempotencyKeyOf(request.headers), keyed, async once => {
      const before = await getCampaign(deps.store, caller.tenantId, id)
      const entry = audited<CampaignDoc>(request, deps, row => ({ action: 'campaigns.rerun', object: objectOf(row) }))
      const campaign = await rerunFailed(deps, caller, before, request.body, once, entry)
      return { status: 201, body: campaignView(campaign) }
    })
  },
})

export const campaignRoutes: Route<GatewayDeps>[] = [
  list,
  add,
  ...estimates,
  columnsRoute,
  one,
  change,
  remove,
  file,
  audience,
  start,
  ...moves,
  rerun,
]

const objectOf = ({ _id }: CampaignDoc) => ({ kind: 'campaign', id: String(_id) })
const moveEntry = (what: string, before: CampaignDoc, after: CampaignDoc) => ({
  action: `campaigns.${what}`,
  object: objectOf(after),
  changes: changesOf(before, after, ['status', 'startAt']),
})
