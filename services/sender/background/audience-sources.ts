import { CsvError } from 'csv-parse'
import { type AudienceRecord, contactRecord, type JsonRecipient, recipientRecord } from '#shared/domain/campaigns/audience.ts'
import { PHONE_COLUMNS } from '#shared/domain/contacts/contact-row.ts'
import type { CampaignDoc, CampaignSource, RecipientDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { csvProblem, readCsv, shownColumns } from '#shared/storage/csv-file.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { audienceKey } from '#shared/storage/open.ts'
import { contactsAfter, failedAfter } from '#shared/store/campaigns/audience.ts'
import type { Store } from '#shared/store/connect.ts'

export interface SourceRow {
  record: AudienceRecord
  /** Where reading continues after this row; null for sources that are continued by row number. */
  position: string | null
}

/** An audience that cannot be read at all. The message is shown to the user who uploaded it. */
export class AudienceProblem extends Error {
  override readonly name = 'AudienceProblem'
}

export interface SourceDeps {
  store: Store
  storage: ObjectStorage
}

/** Reads the rows of an audience that have not been read yet. @throws AudienceProblem, Outage */
export function readSource(deps: SourceDeps, campaign: CampaignDoc): AsyncIterable<SourceRow> {
  const source = campaign.audience.source as CampaignSource
  switch (source.kind) {
    case 'csv':
      return csvRows(deps, campaign)
    case 'json':
      return jsonRows(deps, campaign)
    case 'contacts':
      return contactRows(deps, campaign, source)
    case 'failed':
      return failedRows(deps, campaign, source)
  }
}

async function* csvRows(deps: SourceDeps, campaign: CampaignDoc): AsyncGenerator<SourceRow> {
  const wanted = campaign.columns.to.toLowerCase()
  const rows = readCsv(await openAudience(deps, campaign), phoneColumn(campaign), campaign.audience.read + 1)
  try {
    for await (const { record, columns: phone } of rows) {
      if (phone !== wanted) record[wanted] = record[phone] ?? ''
      yield { record, position: null }
    }
  } catch (error) {
    if (error instanceof CsvError) throw new AudienceProblem(csvProblem(error), { cause: error })
    throw error
  }
}

const openAudience = ({ storage }: SourceDeps, { tenantId, _id, audience }: CampaignDoc) =>
  storage.get(audienceKey(tenantId, _id, audience.generation))

/** Finds the campaign's phone column, or else the first column with a usual name for one. @throws AudienceProblem */
function phoneColumn({ columns }: CampaignDoc) {
  const wanted = columns.to.toLowerCase()
  return (names: string[], written: string[]): string => {
    const phone = names.includes(wanted) ? wanted : PHONE_COLUMNS.find(name => names.includes(name))
    if (phone !== undefined) return phone
    throw new AudienceProblem(`There is no column ${columns.to}. The file has: ${shownColumns(written)}`)
  }
}

/** Reads the recipients of a JSON request, which the gateway has checked and stored. */
async function* jsonRows(deps: SourceDeps, campaign: CampaignDoc): AsyncGenerator<SourceRow> {
  const chunks: Buffer[] = []
  for await (const chunk of await openAudience(deps, campaign)) chunks.push(chunk)
  const recipients: JsonRecipient[] = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  for (const recipient of recipients.slice(campaign.audience.read))
    yield { record: recipientRecord(campaign.columns, recipient), position: null }
}

const PAGE = 1000

/** Reads contacts as rows, whose columns are `name`, `phone` and the attributes. */
async function* contactRows(
  { store }: SourceDeps,
  campaign: CampaignDoc,
  source: CampaignSource & { kind: 'contacts' },
): AsyncGenerator<SourceRow> {
  let after = positionOf(campaign)
  for (;;) {
    const contacts = await contactsAfter(store, campaign, source, { after, limit: PAGE })
    for (const contact of contacts) yield { record: contactRecord(campaign.columns, contact), position: String(contact._id) }
    const last = contacts.at(-1)
    if (last === undefined) return
    after = last._id
  }
}

/** Reads the recipients to whom another campaign's messages failed. */
async function* failedRows(
  { store }: SourceDeps,
  campaign: CampaignDoc,
  source: CampaignSource & { kind: 'failed' },
): AsyncGenerator<SourceRow> {
  let after = positionOf(campaign)
  for (;;) {
    const failed = await failedAfter(store, campaign, source, { after, limit: PAGE })
    for (const { messageId, recipient } of failed)
      yield { record: recipientRecord(campaign.columns, jsonRecipientOf(recipient)), position: String(messageId) }
    const last = failed.at(-1)
    if (last === undefined) return
    after = last.messageId
  }
}

const jsonRecipientOf = ({ waId, userId, name, variables, headerMedia }: RecipientDoc): JsonRecipient => ({
  to: waId ? `+${waId}` : (userId ?? ''),
  name,
  variables,
  headerMedia,
})

const positionOf = ({ audience }: CampaignDoc) => (audience.position === null ? null : toId(audience.position))
