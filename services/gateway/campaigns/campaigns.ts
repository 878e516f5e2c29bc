import { Readable } from 'node:stream'
import { z } from 'zod'
import { HeaderMediaObject, numberName, objectId } from '#shared/contracts/outbound.ts'
import type { CampaignAction } from '#shared/domain/campaigns/campaign.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { fillTemplate } from '#shared/domain/templates/fill.ts'
import type { Caller } from '#shared/http/route.ts'
import type { CampaignDoc, CampaignSource, ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { audienceKey } from '#shared/storage/open.ts'
import { createCampaign, EMPTY_AUDIENCE, moveCampaign, replaceAudience } from '#shared/store/campaigns/campaigns.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import { campaignProgress } from '#shared/views/events.ts'
import type { GatewayDeps } from '../deps.ts'
import { findTemplate } from '../messages/drafts.ts'
import { headerFile } from '../messages/own-media.ts'
import { clientFor } from '../messages/recipient.ts'
import { requireAudience } from './estimate.ts'

const column = z.string().trim().min(1).max(100)
const Values = z.record(z.string().max(100), z.string().min(1).max(1024))

/** What a campaign is, without its audience. */
export const CampaignInput = z.strictObject({
  name: z.string().trim().min(1).max(200),
  clientId: numberName.optional().describe("The number to send from, by our id or Meta's; by default the primary one"),
  templateId: objectId.optional(),
  templateName: z.string().min(1).max(512).optional(),
  language: z.string().min(1).max(20).optional(),
  columns: z
    .strictObject({
      to: column.optional().describe('Column with the phone number or business-scoped user id; by default `to`'),
      name: column.optional(),
      headerMedia: column.optional().describe('Column with a link, or the id of an uploaded file'),
      variables: z.record(z.string().max(100), column).optional().describe('Column of each variable; by default of its name'),
    })
    .optional(),
  variables: Values.optional().describe('The same for everybody'),
  headerMedia: HeaderMediaObject.optional(),
  perMinute: z.int().min(1).max(100_000).nullable().optional().describe('Slower than the number could'),
  endsAt: z.iso.datetime({ offset: true }).nullable().optional().describe('What has not gone out by then does not'),
})
export type CampaignInput = z.infer<typeof CampaignInput>

/** A list of recipients, or a filter over the contacts. */
export const AudienceInput = z.strictObject({
  recipients: z
    .array(
      z.strictObject({
        to: z.string().min(1).max(80),
        name: z.string().max(200).optional(),
        variables: Values.optional(),
        headerMedia: z.string().max(2048).optional(),
      }),
    )
    .min(1)
    .max(2000)
    .optional(),
  contacts: z
    .strictObject({
      label: z.string().min(1).max(100).optional().describe('Of their conversation with this number'),
      attribute: z.strictObject({ name: z.string().regex(/^\w{1,64}$/), value: z.string().max(1000) }).optional(),
    })
    .optional(),
})
export type AudienceInput = z.infer<typeof AudienceInput>

/** @throws ApiError 404, 422 */
export async function draftCampaign(deps: GatewayDeps, caller: Caller, input: CampaignInput): Promise<CampaignDoc> {
  const by = toId(caller.id)
  const { fields } = await campaignOf(deps, caller.tenantId, input)
  return await createCampaign(deps.store, { ...fields, status: 'DRAFT', audience: EMPTY_AUDIENCE, createdBy: by, updatedBy: by })
}

/** What a wish means, with nothing stored. @throws ApiError 404, 422 */
export async function campaignOf(deps: GatewayDeps, tenantId: string, input: CampaignInput) {
  const client = await clientFor(deps.store, tenantId, input.clientId)
  const template = await templateFor(deps, client, input)
  const fields = { tenantId: client.tenantId, ...fieldsOf(input, client, template) }
  const headerMedia = (await headerFile(deps.store, tenantId, template, input.headerMedia)) ?? null
  return { client, template, fields: { ...fields, headerMedia } }
}

async function templateFor(deps: GatewayDeps, client: ClientDoc, input: CampaignInput): Promise<TemplateDoc> {
  const { templateId, templateName, language } = input
  if ((templateId === undefined) === (templateName === undefined))
    throw new ApiError(422, 'TEMPLATE_NEEDED', 'Give either templateId or templateName', {
      errors: [{ path: 'templateId', message: 'or templateName is needed' }],
    })
  return await findTemplate(deps.store, client, {
    ...(templateId && { _id: templateId }),
    ...(templateName && { name: templateName }),
    ...(language && { language }),
  })
}

function fieldsOf(input: CampaignInput, client: ClientDoc, template: TemplateDoc) {
  const variables = input.variables ?? {}
  const columns = { to: 'to', name: null, headerMedia: null, ...input.columns, variables: columnsOf(input, template) }
  refuseUnknownVariables(template, { ...variables, ...columns.variables }, input)
  return {
    name: input.name,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    wabaId: client.wabaId,
    template: { id: template._id, name: template.name, language: template.language, category: template.category },
    columns,
    variables,
    headerMedia: input.headerMedia ?? null,
    perMinute: input.perMinute ?? null,
    endsAt: input.endsAt ? new Date(input.endsAt) : null,
  }
}

/** A variable that nothing is said about is looked for in the column of its name. */
function columnsOf({ columns, variables = {} }: CampaignInput, template: TemplateDoc): Record<string, string> {
  const unsaid = template.variables.map(({ name }) => name).filter(name => !(name in variables))
  return { ...Object.fromEntries(unsaid.map(name => [name, name])), ...columns?.variables }
}

/** Filled with anything: what is wrong then is wrong for every row. */
function refuseUnknownVariables(template: TemplateDoc, given: Record<string, string>, input: CampaignInput): void {
  const sample = Object.fromEntries(Object.keys(given).map(name => [name, 'x']))
  const anyMedia = input.columns?.headerMedia ? { link: 'https://example.com/file' } : undefined
  const filled = fillTemplate(template, sample, input.headerMedia ?? anyMedia)
  if (filled.kind === 'filled') return
  const detail = filled.problems.map(({ path, message }) => `${path} ${message}`).join('; ')
  throw new ApiError(422, 'TEMPLATE_VARIABLES', detail, { errors: filled.problems })
}

/** @throws ApiError 404, 409, 422 */
export async function changeCampaign(
  deps: GatewayDeps,
  caller: Caller,
  before: CampaignDoc,
  change: Partial<CampaignInput>,
): Promise<CampaignDoc> {
  const isOther = change.templateId !== undefined || change.templateName !== undefined
  const input = { ...inputOf(before), ...(isOther && { templateId: undefined }), ...change }
  const { fields } = await campaignOf(deps, caller.tenantId, input)
  const changed = await moveCampaign(deps.store, before, 'edit', { ...fields, updatedBy: toId(caller.id) })
  const { source } = before.audience
  const readsOtherwise = ['templateId', 'templateName', 'language', 'columns', 'variables', 'headerMedia', 'clientId']
  if (source === null || !readsOtherwise.some(name => name in change)) return changed
  return await keepAudience(deps, changed, source)
}

/** Its file moves on with it to the next generation. */
async function keepAudience(deps: GatewayDeps, campaign: CampaignDoc, source: CampaignSource): Promise<CampaignDoc> {
  const { tenantId, _id, audience } = campaign
  if (source.kind === 'csv' || source.kind === 'json') {
    const file = await deps.storage.get(audienceKey(tenantId, _id, audience.generation))
    await deps.storage.put(audienceKey(tenantId, _id, audience.generation + 1), file, { contentType: CONTENT_TYPE[source.kind] })
  }
  return await replaceAudience(deps.store, campaign, source, deps.now())
}

const CONTENT_TYPE = { csv: 'text/csv', json: 'application/json' } as const

function inputOf(campaign: CampaignDoc): CampaignInput {
  const { name, clientId, template, columns, variables, headerMedia, perMinute, endsAt } = campaign
  return {
    name,
    clientId: String(clientId),
    templateId: String(template.id),
    columns: {
      to: columns.to,
      ...(columns.name && { name: columns.name }),
      ...(columns.headerMedia && { headerMedia: columns.headerMedia }),
      variables: columns.variables,
    },
    variables,
    ...(headerMedia && { headerMedia }),
    perMinute,
    endsAt: endsAt?.toISOString() ?? null,
  }
}

/** Stored first, checked behind it. @throws ApiError 409, 413 */
export async function giveFile(deps: GatewayDeps, campaign: CampaignDoc, file: Readable): Promise<CampaignDoc> {
  return await storeAudience(deps, campaign, 'csv', file)
}

/** @throws ApiError 409 */
export async function giveAudience(deps: GatewayDeps, campaign: CampaignDoc, input: AudienceInput): Promise<CampaignDoc> {
  if (input.recipients) return await storeAudience(deps, campaign, 'json', Readable.from([JSON.stringify(input.recipients)]))
  const { label = null, attribute = null } = input.contacts ?? {}
  return await replaceAudience(deps.store, campaign, { kind: 'contacts', label, attribute }, deps.now())
}

async function storeAudience(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  kind: 'csv' | 'json',
  file: Readable,
): Promise<CampaignDoc> {
  if (campaign.status !== 'DRAFT') throw new ApiError(409, 'CAMPAIGN_STATE', 'Only a draft takes another audience')
  const key = audienceKey(campaign.tenantId, campaign._id, campaign.audience.generation + 1)
  await deps.storage.put(key, file, { contentType: CONTENT_TYPE[kind] })
  return await replaceAudience(deps.store, campaign, { kind }, deps.now())
}

/** @throws ApiError 409 AUDIENCE_…, CAMPAIGN_STATE, RECIPIENTS_CHANGED */
export async function startCampaign(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  { startAt, expectedRecipients }: { startAt?: string | undefined; expectedRecipients?: number | undefined },
  traceparent: string,
): Promise<CampaignDoc> {
  requireAudience(campaign)
  const { recipients } = campaign.audience
  if (recipients === 0) throw new ApiError(409, 'AUDIENCE_EMPTY', 'Nobody of the audience can be sent to')
  if (expectedRecipients !== undefined && expectedRecipients !== recipients)
    throw new ApiError(409, 'RECIPIENTS_CHANGED', `The audience has ${recipients} recipients now, not ${expectedRecipients}`)
  const now = deps.now()
  const at = startAt === undefined ? null : new Date(startAt)
  const set =
    at !== null && at > now
      ? { status: 'SCHEDULED' as const, startAt: at, statusReason: null }
      : { status: 'RUNNING' as const, startAt: now, startedAt: now, statusReason: null }
  return await move(deps, campaign, 'start', set, traceparent)
}

const NEXT = { pause: 'PAUSED', resume: 'RUNNING', cancel: 'CANCELLED' } as const

/** @throws ApiError 409 CAMPAIGN_STATE */
export async function moveByHand(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  action: 'pause' | 'resume' | 'cancel',
  reason: string,
  traceparent: string,
): Promise<CampaignDoc> {
  const now = deps.now()
  // One that was held before its time goes on at its time.
  const waits = action === 'resume' && campaign.startedAt === null && campaign.startAt !== null && campaign.startAt > now
  const status = waits ? 'SCHEDULED' : NEXT[action]
  const startedAt = status === 'RUNNING' ? (campaign.startedAt ?? now) : campaign.startedAt
  const set = action === 'resume' ? { statusReason: null, resumedAt: now } : { statusReason: reason }
  return await move(deps, campaign, action, { status, startedAt, ...set }, traceparent)
}

async function move(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  action: CampaignAction,
  set: Partial<CampaignDoc>,
  traceparent: string,
): Promise<CampaignDoc> {
  const { moved, event } = await deps.store.transaction(async session => {
    const moved = await moveCampaign(deps.store, campaign, action, set, session)
    const event = campaignProgress(moved, deps.now())
    await insertEvents(deps.store, [event], session)
    return { moved, event }
  })
  void deps.events.publish([event], traceparent)
  return moved
}

/** @throws ApiError 409 while the campaign still sends */
export async function rerunFailed(
  deps: GatewayDeps,
  caller: Caller,
  campaign: CampaignDoc,
  { name, codes }: { name?: string | undefined; codes?: number[] | undefined },
): Promise<CampaignDoc> {
  if (campaign.status !== 'DONE' && campaign.status !== 'CANCELLED')
    throw new ApiError(409, 'CAMPAIGN_STATE', 'Only what has ended can be sent again to those it did not reach')
  const draft = await draftCampaign(deps, caller, {
    ...inputOf(campaign),
    name: name ?? `${campaign.name} (again)`,
    endsAt: null,
  })
  return await replaceAudience(deps.store, draft, { kind: 'failed', campaignId: campaign._id, codes: codes ?? null }, deps.now())
}
