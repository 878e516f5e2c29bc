import { setImmediate as breathe } from 'node:timers/promises'
import { z } from 'zod'
import { objectId } from '#shared/contracts/outbound.ts'
import { type AudienceRecord, contactRecord, recipientRecord } from '#shared/domain/campaigns/audience.ts'
import { type ReadRow, type RowRules, readRow } from '#shared/domain/campaigns/campaign.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { ClientDoc, ContactDoc, Id } from '#shared/model/documents.ts'
import { contactsAfter, findOptedOut } from '#shared/store/campaigns/audience.ts'
import { getCampaign } from '#shared/store/campaigns/campaigns.ts'
import type { Store } from '#shared/store/connect.ts'
import type { GatewayDeps } from '../deps.ts'
import { AudienceInput, CampaignInput, campaignOf } from './campaigns.ts'
import { type AudienceCount, type EstimateView, estimateCampaign, estimateFor } from './estimate.ts'

/** Estimate of a stored campaign by its id, or of one that is not stored: template, values and audience. */
export const EstimateRequest = z
  .strictObject({
    campaignId: objectId.optional().describe('Stored campaign in any state; excludes all other fields'),
    ...CampaignInput.partial().shape,
    ...AudienceInput.shape,
  })
  .refine(({ campaignId, ...others }) => campaignId === undefined || Object.values(others).every(one => one === undefined), {
    error: 'Cannot be combined with other fields',
    path: ['campaignId'],
  })
  .refine(
    ({ campaignId, recipients, contacts }) => campaignId !== undefined || (recipients === undefined) !== (contacts === undefined),
    { error: 'Give campaignId, or a template with either recipients or contacts' },
  )
type EstimateRequest = z.infer<typeof EstimateRequest>

/** Most contacts counted within a request; a larger audience needs a draft, which is counted in the background. */
const MOST_ROWS = 20_000
const PAGE = 1000
/** Rows read between two yields to the event loop. */
const YIELD_EVERY = 50
/** Time limit of the queries of all pages together. */
const BUDGET_MS = 5000

/** Estimates a campaign and stores nothing. @throws ApiError 404, 409 AUDIENCE_…, 422 AUDIENCE_TOO_LARGE and those of a draft */
export async function estimateRequest(deps: GatewayDeps, tenantId: string, input: EstimateRequest): Promise<EstimateView> {
  if (input.campaignId !== undefined) return estimateCampaign(deps, await getCampaign(deps.store, tenantId, input.campaignId))
  const { campaignId: _, recipients, contacts, ...campaign } = input
  const { client, template, fields } = await campaignOf(deps, tenantId, { ...campaign, name: campaign.name ?? '' })
  const { columns, variables, headerMedia } = fields
  const rules = { columns, variables, headerMedia, template, home: client.whatsappNumber }
  const pages = recipients
    ? [recipients.map(recipient => recipientRecord(columns, recipient))]
    : contactPages(deps.store, client, contacts ?? {}, rules)
  const isMarketing = template.category === 'MARKETING'
  const counted = await countRows(deps.store, client.tenantId, pages, { ...rules, isMarketing })
  return await estimateFor(deps, { ...fields, _id: null, startAt: null }, counted)
}

async function* contactPages(
  store: Store,
  { tenantId, _id: clientId }: ClientDoc,
  input: NonNullable<AudienceInput['contacts']>,
  { columns }: RowRules,
): AsyncGenerator<AudienceRecord[]> {
  const filter = { label: input.label ?? null, attribute: input.attribute ?? null }
  const until = Date.now() + BUDGET_MS
  let after: Id | null = null
  for (let read = 0; ; read += PAGE) {
    const maxTimeMS = until - Date.now()
    if (read > MOST_ROWS || maxTimeMS < 1) throw tooLarge()
    const bounds: Parameters<typeof contactsAfter>[3] = { after, limit: PAGE, maxTimeMS }
    const contacts: ContactDoc[] = await contactsAfter(store, { tenantId, clientId }, filter, bounds).catch(error => {
      throw (error as { code?: unknown }).code === MAX_TIME_EXPIRED ? tooLarge() : error
    })
    const last = contacts.at(-1)
    if (last === undefined) return
    yield contacts.map(contact => contactRecord(columns, contact))
    after = last._id
  }
}

const MAX_TIME_EXPIRED = 50
const tooLarge = () =>
  new ApiError(
    422,
    'AUDIENCE_TOO_LARGE',
    'The audience has too many contacts for an immediate estimate. Create a draft; its audience is counted in the background.',
  )

/** Counts rows by the rules of the background check; all keys are held in memory, so the rows must be few. */
async function countRows(
  store: Store,
  tenantId: Id,
  pages: Iterable<AudienceRecord[]> | AsyncIterable<AudienceRecord[]>,
  rules: RowRules & { isMarketing: boolean },
): Promise<AudienceCount> {
  const seen = new Set<string>()
  const counted: AudienceCount = { recipients: 0, countries: {}, invalid: 0, duplicate: 0, optedOut: 0 }
  for await (const records of pages) {
    const rows = await readRows(records, rules)
    const optedOut = rules.isMarketing ? await findOptedOut(store, tenantId, keysOf(rows)) : new Set<string>()
    for (const row of rows) countRow(counted, row, seen, optedOut)
  }
  return counted
}

async function readRows(records: readonly AudienceRecord[], rules: RowRules): Promise<ReadRow[]> {
  const rows: ReadRow[] = []
  for (const record of records) if (rows.push(readRow(record, rules)) % YIELD_EVERY === 0) await breathe()
  return rows
}

function countRow(counted: AudienceCount, row: ReadRow, seen: Set<string>, optedOut: ReadonlySet<string>): void {
  const { key, problem, country } = row
  if (problem !== null || key === null) counted.invalid++
  else if (seen.has(key)) counted.duplicate++
  else if (keysOf([row]).waIds.some(id => optedOut.has(id)) || optedOut.has(key)) counted.optedOut++
  else {
    counted.recipients++
    const place = country ?? '??'
    counted.countries[place] = (counted.countries[place] ?? 0) + 1
  }
  if (problem === null && key !== null) seen.add(key)
}

const keysOf = (rows: readonly ReadRow[]) => ({
  waIds: rows.flatMap(({ waId }) => (waId ? phoneVariants(waId) : [])),
  userIds: rows.flatMap(({ userId }) => userId ?? []),
})
