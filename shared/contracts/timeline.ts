import { z } from 'zod'
import { MessageErrorView, MessageView } from './views.ts'

/** Timeline of a message: every step with its times. */
const at = z.iso.datetime()

export const STEP_KINDS = [
  'accepted',
  'received',
  'queued',
  'waited',
  'attempt',
  'settled',
  'fallback',
  'sent',
  'delivered',
  'read',
  'failed',
  'note',
] as const

export const TimelineStepView = z.object({
  kind: z.enum(STEP_KINDS),
  at,
  /** Time since the message was accepted. */
  afterMs: z.number(),
  /** queued: time until the first wait or attempt. waited: total time. attempt: time until the answer. */
  ms: z.number().nullable(),
  /** waited: the limit or other reason. */
  reason: z.string().nullable(),
  /** waited: number of waits for this reason that are summed up here. */
  times: z.number().int().nullable(),
  /** queued, waited: true while it lasts. */
  isOpen: z.boolean(),
  /** attempt, settled: number from 1. */
  attempt: z.number().int().nullable(),
  outcome: z.enum(['accepted', 'refused', 'unknown', 'unsent']).nullable(),
  httpStatus: z.number().int().nullable(),
  code: z.number().int().nullable(),
  traceId: z.string().nullable(),
  /** settled: what ended an attempt without an answer. */
  by: z.enum(['status', 'answer', 'policy']).nullable(),
  /** failed: Meta's code and text, our sentence and the next step. */
  error: MessageErrorView.nullable(),
  detail: z.string().nullable(),
})
export type TimelineStepView = z.infer<typeof TimelineStepView>

export const MessageTimelineView = z.object({
  message: MessageView,
  steps: z.array(TimelineStepView),
  totals: z.object({
    attempts: z.number().int(),
    waitedMs: z.number(),
    waits: z.array(z.object({ reason: z.string(), ms: z.number() })),
    /** Time from acceptance, or from the scheduled time, until the message was sent. */
    sentMs: z.number().nullable(),
    deliveredMs: z.number().nullable(),
    readMs: z.number().nullable(),
  }),
  /** True if the oldest steps were dropped because there were too many. */
  isTruncated: z.boolean(),
})
export type MessageTimelineView = z.infer<typeof MessageTimelineView>
