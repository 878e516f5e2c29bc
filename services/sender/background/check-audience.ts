import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { type RowRules, readRow } from '#shared/domain/campaigns/campaign.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { rowProblem } from '#shared/domain/row-problems.ts'
import { type Sentence, sentenceKey } from '#shared/domain/sentence.ts'
import type { CampaignDoc, RecipientDoc } from '#shared/model/documents.ts'
import { ERASED } from '#shared/model/erased-message.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import { deleteAudienceFiles } from '#shared/storage/audience-files.ts'
import { ObjectNotFound } from '#shared/storage/object-storage.ts'
import {
  advanceAudience,
  type Checked,
  deleteUncountedRecipients,
  endCheck,
  findOptedOut,
  findUnchecked,
  hasErasedRows,
  insertRecipients,
} from '#shared/store/campaigns/audience.ts'
import { recipientId } from '#shared/store/campaigns/campaigns.ts'
import { findErasedSince } from '#shared/store/contacts/erasures.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { getTemplate } from '#shared/store/templates/templates.ts'
import { AudienceProblem, readSource, type SourceDeps, type SourceRow } from './audience-sources.ts'

export interface CheckDeps extends SourceDeps {
  log: Logger
}

const BATCH = 1000
/** Rows between two yields to the event loop, so that the sends of this process are not delayed. */
const ROWS_PER_YIELD = 50
/** Problems of one row that are kept: a template has few variables. */
const MOST_KEYS = 10
const OPTED_OUT = rowProblem('contact-opted-out')

/**
 * Checks the audience that has waited longest: each row becomes a recipient, or a skipped row with its reason. When this process
 * must stop, another one continues at the same row. @returns 0 if none waits. @throws Outage
 */
export async function checkNextAudience(deps: CheckDeps, mayGoOn: MayGoOn): Promise<number> {
  const campaign = await findUnchecked(deps.store)
  if (campaign === null) return 0
  const problem = await checkAudience(deps, campaign, mayGoOn)
  if (problem === 'interrupted') return 1
  const ended = await endCheck(deps.store, campaign, problem)
  if (ended?.audience.state === 'READY') await deleteFiles(deps, ended)
  if (ended)
    deps.log.info({ campaignId: String(campaign._id), rows: ended.audience.read, isUsable: problem === null }, 'audience checked')
  return 1
}

/**
 * Deletes the files of earlier generations, and this one too if it names somebody who was erased while it was read. What is left
 * of an error, a daily job deletes.
 */
async function deleteFiles({ store, storage, log }: CheckDeps, campaign: CampaignDoc): Promise<void> {
  const { generation } = campaign.audience
  try {
    const namesErased = await hasErasedRows(store, campaign)
    await deleteAudienceFiles(storage, campaign, namesErased ? generation + 1 : generation)
  } catch (error) {
    log.warn({ err: error, campaignId: String(campaign._id) }, 'audience files left to the sweep')
  }
}

/** @returns the problem of the audience as a whole; null without one; 'interrupted' when it was not read to its end */
async function checkAudience(deps: CheckDeps, campaign: CampaignDoc, mayGoOn: MayGoOn): Promise<Sentence | null | 'interrupted'> {
  try {
    await deleteUncountedRecipients(deps.store, campaign)
    return await readAll(deps, campaign, await rulesOf(deps, campaign), mayGoOn)
  } catch (error) {
    if (error instanceof AudienceProblem) return error.sentence
    if (error instanceof ObjectNotFound) return rowProblem('file-gone')
    throw error
  }
}

async function rulesOf({ store }: CheckDeps, campaign: CampaignDoc): Promise<RowRules & { isMarketing: boolean }> {
  const { tenantId, clientId, columns, variables, headerMedia } = campaign
  const [template, client] = await Promise.all([
    getTemplate(store, tenantId, campaign.template.id),
    getClient(store, tenantId, clientId),
  ])
  return {
    columns,
    variables,
    headerMedia,
    template,
    home: client.whatsappNumber,
    isMarketing: template.category === 'MARKETING',
  }
}

/** Reads each batch while the previous one is being written. */
async function readAll(
  deps: CheckDeps,
  campaign: CampaignDoc,
  rules: RowRules & { isMarketing: boolean },
  mayGoOn: MayGoOn,
): Promise<null | 'interrupted'> {
  let read = campaign.audience.read
  let batch: RecipientDoc[] = []
  let writing: Promise<boolean> = Promise.resolve(true)
  let position = campaign.audience.position
  for await (const row of readSource(deps, campaign, rules.home ?? '')) {
    read++
    position = row.position
    batch.push(recipientOf(campaign, read, row, rules))
    if (read % ROWS_PER_YIELD === 0) await yieldToOthers()
    if (batch.length < BATCH) continue
    if (!(await writing) || !mayGoOn()) return 'interrupted'
    writing = write(deps, campaign, batch, { read, position, rules })
    // Its error is thrown where it is awaited, after the next batch is read; until then it must not end the process.
    writing.catch(() => undefined)
    batch = []
  }
  if (!(await writing)) return 'interrupted'
  if (batch.length > 0 && !(await write(deps, campaign, batch, { read, position, rules }))) return 'interrupted'
  return null
}

function recipientOf(campaign: CampaignDoc, row: number, source: SourceRow, rules: RowRules): RecipientDoc {
  const { problem: unfit, problemKeys, country, ...own } = readRow(source.record, rules)
  const problem = source.problem?.text ?? unfit
  const isWrong = problem !== null
  return Object.assign(
    {
      _id: recipientId(campaign._id, campaign.audience.generation, row),
      tenantId: campaign.tenantId,
      campaignId: campaign._id,
      row,
      ...own,
      key: isWrong ? null : own.key,
      state: isWrong ? ('SKIPPED' as const) : ('PENDING' as const),
      reason: isWrong ? ('invalid' as const) : null,
      detail: problem?.slice(0, 500) ?? null,
      detailKeys: source.problem ? [sentenceKey(source.problem)] : problemKeys.slice(0, MOST_KEYS),
      messageId: null,
    },
    { [COUNTRY]: country ?? '??' },
  )
}

/** The country of a row; only counted, not stored. */
const COUNTRY = Symbol('country')
const countryOf = (row: RecipientDoc) => (row as RecipientDoc & { [COUNTRY]: string })[COUNTRY]

/** Stores a batch and advances the audience. @returns false when the audience was replaced meanwhile */
async function write(
  { store }: CheckDeps,
  campaign: CampaignDoc,
  batch: RecipientDoc[],
  { read, position, rules }: { read: number; position: string | null; rules: { isMarketing: boolean } },
): Promise<boolean> {
  const optedOut = rules.isMarketing ? await findOptedOut(store, campaign.tenantId, keysOf(batch)) : new Set<string>()
  for (const row of batch) if (row.state === 'PENDING' && isAmong(row, optedOut)) skipOptedOut(row)
  const { waIds, userIds } = keysOf(batch)
  const erased = await findErasedSince(store, campaign.tenantId, [...waIds, ...userIds], campaign.audience.since ?? new Date(0))
  for (const row of batch) if (isAmong(row, erased)) skipErased(row)
  const repeated = new Set((await insertRecipients(store, batch)).map(({ _id }) => _id))
  const checked: Checked = { read, position, invalid: 0, duplicate: 0, optedOut: 0, recipients: 0, countries: {} }
  for (const row of batch) {
    if (repeated.has(row._id)) checked.duplicate++
    else if (row.reason === 'invalid') checked.invalid++
    else if (row.reason === 'opted-out') checked.optedOut++
    else {
      checked.recipients++
      checked.countries[countryOf(row)] = (checked.countries[countryOf(row)] ?? 0) + 1
    }
  }
  return await advanceAudience(store, campaign, checked)
}

function keysOf(rows: RecipientDoc[]) {
  return {
    waIds: rows.flatMap(({ waId }) => (waId ? phoneVariants(waId) : [])),
    userIds: rows.flatMap(({ userId }) => userId ?? []),
  }
}

const isAmong = ({ waId, userId }: RecipientDoc, keys: ReadonlySet<string>) =>
  (waId !== null && phoneVariants(waId).some(variant => keys.has(variant))) || (userId !== null && keys.has(userId))

function skipOptedOut(row: RecipientDoc): void {
  Object.assign(row, { state: 'SKIPPED', reason: 'opted-out', detail: OPTED_OUT.text, detailKeys: [sentenceKey(OPTED_OUT)] })
}

/** Somebody who was erased after the audience was given: the row counts as invalid and names nobody. */
function skipErased(row: RecipientDoc): void {
  Object.assign(row, { key: null, to: '', waId: null, userId: null, name: null, variables: {}, headerMedia: null })
  Object.assign(row, { state: 'SKIPPED', reason: 'invalid', detail: ERASED.text, detailKeys: [sentenceKey(ERASED)] })
}
