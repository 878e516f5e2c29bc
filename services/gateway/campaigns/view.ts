import { z } from 'zod'
import { marketingView } from '#shared/domain/messages/marketing-messages.ts'
import type { CampaignDoc } from '#shared/model/documents.ts'
import { campaignCounts } from '#shared/views/events.ts'
import { SentenceKeyView, sentenceKeyView } from '../schemas.ts'

const at = z.iso.datetime().nullable()

/** Campaign in the API. While it runs, `counts` lag by about a second, those of a large campaign by several. */
export const CampaignView = z.object({
  id: z.string(),
  name: z.string(),
  clientId: z.string(),
  template: z.object({ id: z.string(), name: z.string(), language: z.string(), category: z.string() }),
  columns: z.object({
    to: z.string(),
    name: z.string().nullable(),
    headerMedia: z.string().nullable(),
    variables: z.record(z.string(), z.string()),
  }),
  variables: z.record(z.string(), z.string()),
  headerMedia: z.object({ id: z.string().optional(), link: z.string().optional(), filename: z.string().optional() }).nullable(),
  perMinute: z.number().int().nullable(),
  /** Goes by the Marketing Messages API; `strict`: by nothing else. Null: in the ordinary way. */
  marketingMessages: z.object({ strict: z.boolean() }).nullable(),
  status: z.enum(['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'DONE', 'CANCELLED']),
  statusReason: z.string().nullable(),
  /** The reason as a stable name with values, for texts in other languages. */
  statusReasonKey: SentenceKeyView.nullable(),
  startAt: at,
  endsAt: at,
  startedAt: at,
  endedAt: at,
  audience: z.object({
    kind: z.enum(['csv', 'json', 'contacts', 'failed']).nullable(),
    state: z.enum(['EMPTY', 'CHECKING', 'READY', 'FAILED']),
    problem: z.string().nullable(),
    /** The problem as a stable name with values; null where an earlier version checked the audience. */
    problemKey: SentenceKeyView.nullable(),
    rows: z.number().int(),
    recipients: z.number().int(),
    invalid: z.number().int(),
    duplicate: z.number().int(),
    optedOut: z.number().int(),
    seconds: z.number().nullable(),
  }),
  counts: z.object({
    recipients: z.number().int(),
    pending: z.number().int(),
    skipped: z.number().int(),
    queued: z.number().int(),
    sent: z.number().int(),
    delivered: z.number().int(),
    read: z.number().int(),
    failed: z.number().int(),
    replied: z.number().int().optional().describe('People who wrote within a week of it; only of a single campaign'),
  }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

/** API view of a campaign row. */
export function campaignView(doc: CampaignDoc): z.infer<typeof CampaignView> {
  const { audience, template, columns } = doc
  return {
    id: String(doc._id),
    name: doc.name,
    clientId: String(doc.clientId),
    template: { ...template, id: String(template.id) },
    columns: { to: columns.to, name: columns.name, headerMedia: columns.headerMedia, variables: columns.variables },
    variables: doc.variables,
    headerMedia: doc.headerMedia,
    perMinute: doc.perMinute,
    marketingMessages: marketingView(doc.marketingMessages),
    status: doc.status,
    statusReason: doc.statusReason,
    statusReasonKey: doc.statusReasonKey ? sentenceKeyView(doc.statusReasonKey) : null,
    startAt: text(doc.startAt),
    endsAt: text(doc.endsAt),
    startedAt: text(doc.startedAt),
    endedAt: text(doc.endedAt),
    audience: {
      kind: audience.source?.kind ?? null,
      state: audience.state,
      problem: audience.problem,
      problemKey: audience.problemKey ? sentenceKeyView(audience.problemKey) : null,
      rows: audience.read,
      recipients: audience.recipients,
      invalid: audience.invalid,
      duplicate: audience.duplicate,
      optedOut: audience.optedOut,
      seconds: audience.since && audience.until ? (audience.until.getTime() - audience.since.getTime()) / 1000 : null,
    },
    counts: campaignCounts(doc),
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}

const text = (date: Date | null) => date?.toISOString() ?? null
