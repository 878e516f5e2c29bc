import { type AudienceRecord, contactRecord, type JsonRecipient, recipientRecord } from '#shared/domain/campaigns/audience.ts'
import { columnKey, phoneColumn } from '#shared/domain/contacts/contact-columns.ts'
import { countryOf } from '#shared/domain/contacts/phone-number.ts'
import { rowProblem } from '#shared/domain/row-problems.ts'
import type { Sentence } from '#shared/domain/sentence.ts'
import type { CampaignDoc, CampaignSource, RecipientDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { readCsv, shownColumns } from '#shared/storage/csv/csv-file.ts'
import { RefusedFile } from '#shared/storage/csv/refused-file.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { audienceKey } from '#shared/storage/open.ts'
import { contactsAfter, failedAfter } from '#shared/store/campaigns/audience.ts'
import type { Store } from '#shared/store/connect.ts'

export interface SourceRow {
  record: AudienceRecord
  /** Where reading continues after this row; null for sources that are continued by row number. */
  position: string | null
  /** Why the row cannot be read; null for a good one. */
  problem: Sentence | null
}

/** An audience that cannot be read at all. The message is shown to the user who uploaded it. */
export class AudienceProblem extends Error {
  override readonly name = 'AudienceProblem'
  readonly sentence: Sentence
  constructor(sentence: Sentence, options?: ErrorOptions) {
    super(sentence.text, options)
    this.sentence = sentence
  }
}

export interface SourceDeps {
  store: Store
  storage: ObjectStorage
}

/**
 * Reads the rows of an audience that have not been read yet. @param home E.164 digits of the sending number @throws AudienceProblem, Outage
 */
export function readSource(deps: SourceDeps, campaign: CampaignDoc, home: string): AsyncIterable<SourceRow> {
  const source = campaign.audience.source as CampaignSource
  switch (source.kind) {
    case 'csv':
      return csvRows(deps, campaign, home)
    case 'json':
      return jsonRows(deps, campaign)
    case 'contacts':
      return contactRows(deps, campaign, source)
    case 'failed':
      return failedRows(deps, campaign, source)
  }
}

async function* csvRows(deps: SourceDeps, campaign: CampaignDoc, home: string): AsyncGenerator<SourceRow> {
  const options = { country: countryOf(home), from: campaign.audience.read + 1 }
  try {
    for await (const { cells, columns, problem } of readCsv(() => openAudience(deps, campaign), columnsOf(campaign), options))
      yield { record: recordOf(columns, cells), position: null, problem }
  } catch (error) {
    if (error instanceof RefusedFile) throw new AudienceProblem(error.sentence, { cause: error })
    throw error
  }
}

/** Cells by the names of the columns that a campaign asks for, in lower case. Of two columns of one name the first counts. */
const recordOf = (columns: ReadonlyMap<string, number>, cells: readonly string[]): AudienceRecord =>
  Object.fromEntries([...columns].map(([name, place]) => [name, cells[place] ?? '']))

const openAudience = ({ storage }: SourceDeps, { tenantId, _id, audience }: CampaignDoc) =>
  storage.get(audienceKey(tenantId, _id, audience.generation))

/**
 * Places of the columns by their names, and of the campaign's phone column or else the first with a usual name for one.
 * @throws AudienceProblem
 */
function columnsOf({ columns }: CampaignDoc) {
  return (written: string[]): Map<string, number> => {
    const places = new Map<string, number>()
    for (const [place, name] of written.entries()) if (!places.has(lower(name))) places.set(lower(name), place)
    for (const wanted of [columns.to, columns.name, columns.headerMedia, ...Object.values(columns.variables)]) {
      const place =
        wanted === null ? -1 : written.findIndex(name => columnKey(name) === columnKey(wanted) && columnKey(name) !== '')
      if (wanted !== null && place >= 0 && !places.has(lower(wanted))) places.set(lower(wanted), place)
    }
    const phone = places.get(lower(columns.to)) ?? phoneColumn(written)
    if (phone !== null) return places.set(lower(columns.to), phone)
    throw new AudienceProblem(rowProblem('column-missing', { column: columns.to, columns: shownColumns(written) }))
  }
}

const lower = (name: string) => name.normalize('NFC').trim().toLowerCase()

/** Reads the recipients of a JSON request, which the gateway has checked and stored. */
async function* jsonRows(deps: SourceDeps, campaign: CampaignDoc): AsyncGenerator<SourceRow> {
  const chunks: Buffer[] = []
  for await (const chunk of await openAudience(deps, campaign)) chunks.push(chunk)
  const recipients: JsonRecipient[] = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  for (const recipient of recipients.slice(campaign.audience.read))
    yield { record: recipientRecord(campaign.columns, recipient), position: null, problem: null }
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
    for (const contact of contacts)
      yield { record: contactRecord(campaign.columns, contact), position: String(contact._id), problem: null }
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
      yield { record: recipientRecord(campaign.columns, jsonRecipientOf(recipient)), position: String(messageId), problem: null }
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
