import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { z } from 'zod'
import { MessageErrorView } from '#shared/contracts/views.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { textKeyOf } from '#shared/domain/messages/send-errors.ts'
import { callerOf, type Reply, route } from '#shared/http/route.ts'
import { CSV_OPTIONS } from '#shared/storage/csv/formula-guard.ts'
import {
  countRecipients,
  getCampaign,
  listRecipients,
  type RecipientFilter,
  type RecipientRow,
} from '#shared/store/campaigns/campaigns.ts'
import { failuresOf } from '#shared/store/campaigns/failures.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { statusTimes } from '#shared/views/status-times.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, SentenceKeyView, sentenceKeyView } from '../schemas.ts'

const tag = 'campaigns'
const path = '/api/v1/campaigns/{id}'
const STATES = ['pending', 'skipped', 'queued', 'sent', 'delivered', 'read', 'failed'] as const

const time = z.iso.datetime().nullable()
const RecipientView = z.object({
  row: z.number().int(),
  to: z.string(),
  name: z.string().nullable(),
  /** Values of the template's variables for this recipient. */
  variables: z.record(z.string(), z.string()),
  state: z.enum(['PENDING', 'SKIPPED', 'QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED']),
  /** Why the row was skipped. */
  reason: z.enum(['invalid', 'duplicate', 'opted-out', 'template']).nullable(),
  detail: z.string().nullable(),
  /** The detail as stable names with values, one for each sentence; empty for rows of earlier versions. */
  detailKeys: z.array(SentenceKeyView),
  messageId: z.string().nullable(),
  externalMessageId: z.string().nullable(),
  /** Error of the message: `title` and `detail` are WhatsApp's texts, `sentence` and `nextStep` are Linko's. */
  error: MessageErrorView.omit({ source: true }).nullable(),
  /** Times of the row's message; null before the message exists. */
  queuedAt: time,
  sentAt: time,
  deliveredAt: time,
  readAt: time,
  failedAt: time,
  /** Time of the latest change. */
  at: time,
})

const recipients = route({
  method: 'get',
  path: `${path}/recipients`,
  action: 'campaigns.read',
  tag,
  summary: 'List the recipients of a campaign with their state, in the order of the audience',
  params: IdParams,
  query: z.strictObject({
    state: z.enum(STATES).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(25),
    cursor: z.string().max(200).optional(),
  }),
  returns: listOf(RecipientView),
  async handle(request, { store }: GatewayDeps) {
    const campaign = await getCampaign(store, callerOf(request).tenantId, request.params.id)
    const { state, limit, cursor } = request.query
    const after = cursor === undefined ? null : readCursor(cursor)
    const [rows, counted] = await Promise.all([
      listRecipients(store, campaign, { state }, { after, limit: limit + 1 }),
      countRecipients(store, campaign, { state }),
    ])
    const shown = rows.slice(0, limit)
    const hasMore = rows.length > limit
    const nextCursor = hasMore ? writeCursor(shown.at(-1), state) : null
    return { body: { data: shown.map(recipientView), ...counted, page: 1, limit, hasMore, nextCursor } }
  },
})

const FailureView = MessageErrorView.omit({ source: true, detail: true }).extend({
  count: z.number().int().describe('Messages that failed for this reason'),
})

const failures = route({
  method: 'get',
  path: `${path}/failures`,
  action: 'campaigns.read',
  tag,
  summary: 'Count the failed messages of a campaign by their reason, the most frequent first',
  params: IdParams,
  returns: z.object({ data: z.array(FailureView) }),
  async handle(request, { store }: GatewayDeps) {
    const campaign = await getCampaign(store, callerOf(request).tenantId, request.params.id)
    const data = await failuresOf(store, campaign)
    return {
      body: {
        data: data.map(({ error, count }) => ({
          key: textKeyOf(error),
          code: error.code,
          title: error.title,
          sentence: error.sentence,
          nextStep: error.nextStep,
          count,
        })),
      },
    }
  },
})

const failuresCsv = route({
  method: 'get',
  path: `${path}/failures.csv`,
  action: 'campaigns.read',
  tag,
  summary: 'Download the skipped rows and failed messages with their reasons as CSV',
  params: IdParams,
  handle: (request, deps: GatewayDeps) => answerCsv(request, deps, 'failures', ['skipped', 'failed']),
})

const report = route({
  method: 'get',
  path: `${path}/report.csv`,
  action: 'campaigns.read',
  tag,
  summary: 'Download all recipients with their state as CSV',
  params: IdParams,
  handle: (request, deps: GatewayDeps) => answerCsv(request, deps, 'report', [undefined]),
})

export const campaignReportRoutes = [recipients, failures, failuresCsv, report]

async function answerCsv(
  request: { caller: Parameters<typeof callerOf>[0]['caller']; params: { id: string } },
  { store }: GatewayDeps,
  name: string,
  states: RecipientFilter['state'][],
): Promise<Reply> {
  const { tenantId } = callerOf(request)
  const campaign = await getCampaign(store, tenantId, request.params.id)
  const page = (state: RecipientFilter['state'], after: string | null) =>
    asTenant(tenantId, () => listRecipients(store, campaign, { state }, { after, limit: PAGE }))
  const csv = stringify({ ...CSV_OPTIONS, columns: [...COLUMNS] })
  const stream = Readable.from(rowsOf(states, page))
    .on('error', error => csv.destroy(error))
    .pipe(csv)
  const disposition = `attachment; filename="campaign-${campaign._id}-${name}.csv"`
  return { stream, headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': disposition } }
}

const PAGE = 1000
const TIMES = ['queued_at', 'sent_at', 'delivered_at', 'read_at', 'failed_at'] as const
const OWN = ['row', 'to', 'name', 'state', 'reason', 'code', 'error', 'next_step', 'message_id', 'at'] as const
/** Columns of the CSV; `title` and `detail` are WhatsApp's texts, `keys` and `parameters` the names and values of our sentences. */
const COLUMNS = [...OWN, 'title', 'detail', ...TIMES, 'keys', 'parameters'] as const

async function* rowsOf(
  states: RecipientFilter['state'][],
  page: (state: RecipientFilter['state'], after: string | null) => Promise<RecipientRow[]>,
): AsyncGenerator<Record<(typeof COLUMNS)[number], unknown>> {
  for (const state of states) {
    let after: string | null = null
    for (;;) {
      const rows: RecipientRow[] = await page(state, after)
      for (const row of rows) yield csvRow(recipientView(row))
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) break
      after = positionOf(last, state)
    }
  }
}

function csvRow(view: z.infer<typeof RecipientView>): Record<(typeof COLUMNS)[number], unknown> {
  const { row, to, name, state, reason, detail, detailKeys, error, messageId, at } = view
  const keys = error?.key ? [{ key: error.key, parameters: {} }] : detailKeys
  return {
    row,
    to,
    name,
    state,
    reason,
    code: error?.code ?? null,
    error: error?.sentence ?? detail,
    next_step: error?.nextStep ?? null,
    message_id: messageId,
    at,
    title: error?.title ?? null,
    detail: error?.detail ?? null,
    queued_at: view.queuedAt,
    sent_at: view.sentAt,
    delivered_at: view.deliveredAt,
    read_at: view.readAt,
    failed_at: view.failedAt,
    keys: keys.map(({ key }) => key).join(' '),
    parameters: keys.length > 0 ? JSON.stringify(keys.map(({ parameters }) => parameters)) : '',
  }
}

/** Paging position: the message id for lists by message state, else the row id. */
const positionOf = (row: RecipientRow, state: RecipientFilter['state']): string =>
  state === undefined || state === 'pending' || state === 'skipped' ? row._id : String(row.messageId)

const writeCursor = (row: RecipientRow | undefined, state: RecipientFilter['state']) =>
  row ? Buffer.from(positionOf(row, state)).toString('base64url') : null

function readCursor(cursor: string): string {
  const position = Buffer.from(cursor, 'base64url').toString()
  if (!/^[0-9a-f]{24}(:\d{1,9}:\d{8,12})?$/.test(position))
    throw new ApiError(400, 'CURSOR_INVALID', 'The cursor is not valid. Use the `nextCursor` of a previous response.')
  return position
}

const NO_TIMES = { queuedAt: null, sentAt: null, deliveredAt: null, readAt: null, failedAt: null }

function recipientView(row: RecipientRow): z.infer<typeof RecipientView> {
  const { message } = row
  const error = message?.error ?? null
  return {
    row: row.row,
    to: row.to,
    name: row.name,
    variables: { ...row.variables },
    state: (message?.status ?? (row.state === 'RELEASED' ? 'QUEUED' : row.state)) as 'QUEUED',
    reason: row.reason,
    detail: row.detail,
    detailKeys: (row.detailKeys ?? []).map(sentenceKeyView),
    messageId: row.messageId ? String(row.messageId) : null,
    externalMessageId: message?.wamid ?? null,
    error: error && {
      key: textKeyOf(error),
      code: error.code,
      title: error.title,
      detail: error.detail,
      sentence: error.sentence,
      nextStep: error.nextStep,
    },
    ...(message ? statusTimes(message) : NO_TIMES),
    at: message?.statusUpdatedAt.toISOString() ?? null,
  }
}
