import { Readable } from 'node:stream'
import { z } from 'zod'
import { HeaderMediaObject, marketing, numberName, objectId } from '#shared/contracts/outbound.ts'
import type { CampaignAction } from '#shared/domain/campaigns/campaign.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { policyOf } from '#shared/domain/messages/marketing-messages.ts'
import { fillTemplate, neededVariables, sampleValue } from '#shared/domain/templates/fill.ts'
import { describeProblems } from '#shared/domain/templates/problem.ts'
import type { Caller } from '#shared/http/route.ts'
import type { CampaignDoc, CampaignSource, ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { nullIfGone } from '#shared/storage/object-storage.ts'
import { audienceKey } from '#shared/storage/open.ts'
import {
  claimGeneration,
  createCampaign,
  EMPTY_AUDIENCE,
  findCampaign,
  moveCampaign,
  replaceAudience,
} from '#shared/store/campaigns/campaigns.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import { campaignProgress } from '#shared/views/events.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, type Once } from '../idempotency.ts'
import { findTemplate } from '../messages/drafts.ts'
import { requireEndpoint } from '../messages/marketing-messages.ts'
import { headerFile } from '../messages/own-media.ts'
import { clientFor } from '../messages/recipient.ts'
import { countBytes, requireRoom } from '../quota.ts'
import { ATTRIBUTE_NAME } from '../schemas.ts'
import { requireAudience } from './estimate.ts'

const column = z.string().trim().min(1).max(100)
const Values = z.record(z.string().max(100), z.string().min(1).max(1024))

/** Input of a campaign, without its audience. */
export const CampaignInput = z.strictObject({
  name: z.string().trim().min(1).max(200),
  clientId: numberName.optional().describe("Number to send from, by Linko's or Meta's id; by default the primary number"),
  templateId: objectId.optional(),
  templateName: z.string().min(1).max(512).optional(),
  language: z.string().min(1).max(20).optional(),
  columns: z
    .strictObject({
      to: column.optional().describe('Column with the phone number or business-scoped user id; by default `to`'),
      name: column.optional(),
      headerMedia: column.optional().describe('Column with an https link or the id of an uploaded file'),
      variables: z
        .record(z.string().max(100), column)
        .optional()
        .describe('Column of each variable; by default the column of the same name'),
    })
    .optional(),
  variables: Values.optional().describe('Values that are the same for all recipients'),
  headerMedia: HeaderMediaObject.optional(),
  perMinute: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .optional()
    .describe('Most messages a minute, to send slower than the number allows'),
  ...marketing,
  endsAt: z.iso.datetime({ offset: true }).nullable().optional().describe('Time after which nothing more is sent'),
})
export type CampaignInput = z.infer<typeof CampaignInput>

/** Audience as a list of recipients or as a filter over the contacts. */
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
      label: z.string().min(1).max(100).optional().describe('Label of their conversation with this number'),
      attribute: z.strictObject({ name: z.string().regex(ATTRIBUTE_NAME), value: z.string().max(1000) }).optional(),
    })
    .optional(),
})
export type AudienceInput = z.infer<typeof AudienceInput>

/**
 * Stores a campaign as a draft without an audience; the one that earlier work for the key has stored is the same campaign.
 * @throws ApiError 404 for an unknown number or template, 422
 */
export async function draftCampaign(
  deps: GatewayDeps,
  caller: Caller,
  input: CampaignInput,
  once: Once,
  alongside: Alongside<CampaignDoc>,
): Promise<CampaignDoc> {
  const by = toId(caller.id)
  const own = { status: 'DRAFT' as const, audience: EMPTY_AUDIENCE, createdBy: by, updatedBy: by }
  return await createOnce(
    once,
    id => findCampaign(deps.store, caller.tenantId, id),
    async _id => {
      const { fields } = await campaignOf(deps, caller.tenantId, input)
      return await createCampaign(deps.store, { _id, ...fields, ...own }, alongside)
    },
  )
}

/** Whether a draft still waits for its first audience. */
export const needsAudience = ({ status, audience, deletedAt }: CampaignDoc): boolean =>
  status === 'DRAFT' && audience.source === null && deletedAt == null

/** Resolves the number, template and fields of an input; stores nothing. @throws ApiError 404, 422 */
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
    throw new ApiError(422, 'TEMPLATE_NEEDED', 'Give either `templateId` or `templateName`.', {
      errors: [{ path: 'templateId', message: 'Give either templateId or templateName.' }],
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
  const marketingMessages = policyOf(input)
  requireEndpoint(template, marketingMessages)
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
    marketingMessages,
    endsAt: input.endsAt ? new Date(input.endsAt) : null,
  }
}

/** Column of each variable: the given one, or the column of the same name for a variable without a value. */
function columnsOf({ columns, variables = {} }: CampaignInput, template: TemplateDoc): Record<string, string> {
  const withoutValue = neededVariables(template).filter(name => !(name in variables))
  return { ...Object.fromEntries(withoutValue.map(name => [name, name])), ...columns?.variables }
}

/** Fills the template with sample values: a problem found then would occur in every row. @throws ApiError 422 */
function refuseUnknownVariables(template: TemplateDoc, given: Record<string, string>, input: CampaignInput): void {
  const sample = Object.fromEntries(Object.keys(given).map(name => [name, sampleValue(name)]))
  const anyMedia = input.columns?.headerMedia ? { link: 'https://example.com/file' } : undefined
  const filled = fillTemplate(template, sample, input.headerMedia ?? anyMedia)
  if (filled.kind === 'filled') return
  throw new ApiError(422, 'TEMPLATE_VARIABLES', describeProblems(filled.problems), { errors: filled.problems })
}

/**
 * Changes a draft; its audience is checked again when the change affects how rows are read.
 * @throws ApiError 404, 409 CAMPAIGN_STATE, 422
 */
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
  const affectsRows = ['templateId', 'templateName', 'language', 'columns', 'variables', 'headerMedia', 'clientId']
  if (source === null || !affectsRows.some(name => name in change)) return changed
  return await keepAudience(deps, changed, source)
}

/** Checks the same audience again: its file, if it has one, is copied to the next generation. */
async function keepAudience(deps: GatewayDeps, campaign: CampaignDoc, source: CampaignSource): Promise<CampaignDoc> {
  if (source.kind !== 'csv' && source.kind !== 'json') return await giveSource(deps, campaign, source)
  const { tenantId, _id, audience } = campaign
  // One that an erasure deleted: the check asks for it again.
  const file = await deps.storage.get(audienceKey(tenantId, _id, audience.generation)).catch(nullIfGone)
  return await (file === null ? giveSource(deps, campaign, source) : storeAudience(deps, campaign, source.kind, file))
}

async function giveSource(deps: GatewayDeps, campaign: CampaignDoc, source: CampaignSource): Promise<CampaignDoc> {
  const generation = await claimGeneration(deps.store, campaign)
  return await replaceAudience(deps.store, campaign, { source, generation }, deps.now())
}

const CONTENT_TYPE = { csv: 'text/csv', json: 'application/json' } as const

function inputOf(campaign: CampaignDoc): CampaignInput {
  const { name, clientId, template, columns, variables, headerMedia, perMinute, marketingMessages, endsAt } = campaign
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
    ...(marketingMessages && { marketingMessages: true, strict: marketingMessages === 'STRICT' }),
    endsAt: endsAt?.toISOString() ?? null,
  }
}

/** Stores a CSV audience; its rows are checked in the background. @throws ApiError 409 CAMPAIGN_STATE, 413, 422 STORAGE_FULL */
export async function giveFile(deps: GatewayDeps, campaign: CampaignDoc, file: Readable): Promise<CampaignDoc> {
  return await storeAudience(deps, campaign, 'csv', file)
}

/** Sets a list or a contact filter as the audience; its rows are checked in the background. @throws ApiError 409 CAMPAIGN_STATE */
export async function giveAudience(deps: GatewayDeps, campaign: CampaignDoc, input: AudienceInput): Promise<CampaignDoc> {
  if (input.recipients) return await storeAudience(deps, campaign, 'json', Readable.from([JSON.stringify(input.recipients)]))
  const { label = null, attribute = null } = input.contacts ?? {}
  return await giveSource(deps, campaign, { kind: 'contacts', label, attribute })
}

/** Stores the file under a generation of its own: two that are given at once are both whole, and the later claim is the audience. */
async function storeAudience(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  kind: 'csv' | 'json',
  file: Readable,
): Promise<CampaignDoc> {
  if (campaign.status !== 'DRAFT')
    throw new ApiError(409, 'CAMPAIGN_STATE', 'The audience can be changed only while the campaign is a draft.')
  const { tenantId, _id } = campaign
  await requireRoom(deps, String(tenantId))
  const generation = await claimGeneration(deps.store, campaign)
  const key = audienceKey(tenantId, _id, generation)
  const { counted, bytes } = countBytes(file)
  await deps.storage.put(key, counted, { contentType: CONTENT_TYPE[kind] })
  const audience = { source: { kind }, generation, bytes: bytes() }
  return await replaceAudience(deps.store, campaign, audience, deps.now()).catch(async error => {
    if (error instanceof ApiError) await deps.storage.delete(key)
    throw error
  })
}

/** Starts a campaign now or schedules it for `startAt`. @throws ApiError 409 AUDIENCE_…, CAMPAIGN_STATE, RECIPIENTS_CHANGED */
export async function startCampaign(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  { startAt, expectedRecipients }: { startAt?: string | undefined; expectedRecipients?: number | undefined },
  traceparent: string,
  alongside: Alongside<CampaignDoc>,
): Promise<CampaignDoc> {
  requireAudience(campaign)
  const { recipients } = campaign.audience
  if (recipients === 0) throw new ApiError(409, 'AUDIENCE_EMPTY', 'No recipient of the audience can receive this template.')
  if (expectedRecipients !== undefined && expectedRecipients !== recipients)
    throw new ApiError(409, 'RECIPIENTS_CHANGED', `The audience now has ${recipients} recipients, not ${expectedRecipients}.`, {
      parameters: { recipients },
    })
  const now = deps.now()
  const at = startAt === undefined ? null : new Date(startAt)
  const set =
    at !== null && at > now
      ? { status: 'SCHEDULED' as const, startAt: at, statusReason: null, statusReasonKey: null }
      : { status: 'RUNNING' as const, startAt: now, startedAt: now, statusReason: null, statusReasonKey: null }
  return await move(deps, campaign, { action: 'start', set, traceparent, alongside })
}

const NEXT = { pause: 'PAUSED', resume: 'RUNNING', cancel: 'CANCELLED' } as const

const BY_USER = { key: 'by-user' as const, parameters: {} }

/** Pauses, resumes or cancels a campaign. @param reason kept as `statusReason` @throws ApiError 409 CAMPAIGN_STATE */
export async function moveByHand(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  action: 'pause' | 'resume' | 'cancel',
  reason: string,
  traceparent: string,
  alongside: Alongside<CampaignDoc>,
): Promise<CampaignDoc> {
  const now = deps.now()
  // A campaign that was paused before its start time is scheduled again.
  const waits = action === 'resume' && campaign.startedAt === null && campaign.startAt !== null && campaign.startAt > now
  const status = waits ? 'SCHEDULED' : NEXT[action]
  const startedAt = status === 'RUNNING' ? (campaign.startedAt ?? now) : campaign.startedAt
  const set =
    action === 'resume'
      ? { statusReason: null, statusReasonKey: null, resumedAt: now }
      : { statusReason: reason, statusReasonKey: BY_USER }
  return await move(deps, campaign, { action, set: { status, startedAt, ...set }, traceparent, alongside })
}

interface Move {
  action: CampaignAction
  set: Partial<CampaignDoc>
  traceparent: string
  alongside: Alongside<CampaignDoc>
}

async function move(
  deps: GatewayDeps,
  campaign: CampaignDoc,
  { action, set, traceparent, alongside }: Move,
): Promise<CampaignDoc> {
  const { moved, event } = await deps.store.transaction(async session => {
    const moved = await moveCampaign(deps.store, campaign, action, set, session)
    const event = campaignProgress(moved, deps.now())
    await insertEvents(deps.store, [event], session)
    await alongside(moved, session)
    return { moved, event }
  })
  void deps.events.publish([event], traceparent)
  return moved
}

/** Drafts a campaign for the recipients whose message failed. @throws ApiError 409 CAMPAIGN_STATE before the campaign has ended */
export async function rerunFailed(
  deps: GatewayDeps,
  caller: Caller,
  campaign: CampaignDoc,
  { name, codes }: { name?: string | undefined; codes?: number[] | undefined },
  once: Once,
  alongside: Alongside<CampaignDoc>,
): Promise<CampaignDoc> {
  if (campaign.status !== 'DONE' && campaign.status !== 'CANCELLED')
    throw new ApiError(409, 'CAMPAIGN_STATE', 'Only a campaign that has ended can be rerun. Wait for its end or cancel it.')
  const input = { ...inputOf(campaign), name: name ?? `${campaign.name} (again)`, endsAt: null }
  const draft = await draftCampaign(deps, caller, input, once, alongside)
  if (!needsAudience(draft)) return draft
  return await giveSource(deps, draft, { kind: 'failed', campaignId: campaign._id, codes: codes ?? null })
}
