import { z } from 'zod'
import { MessageErrorView, MessageView } from './views.ts'

/** "Where is my message?": every step of a message's life with its times, in one answer. */
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
  /** Since it was accepted. */
  afterMs: z.number(),
  /** queued: until the first wait or attempt. waited: how long in all. attempt: until the answer. */
  ms: z.number().nullable(),
  /** waited: for which limit or why. */
  reason: z.string().nullable(),
  /** waited: how many waits for this reason are summed up here. */
  times: z.number().int().nullable(),
  /** queued, waited: still. */
  isOpen: z.boolean(),
  /** attempt, settled: number from 1. */
  attempt: z.number().int().nullable(),
  outcome: z.enum(['accepted', 'refused', 'unknown', 'unsent']).nullable(),
  httpStatus: z.number().int().nullable(),
  code: z.number().int().nullable(),
  traceId: z.string().nullable(),
  /** settled: by whom an attempt without an answer was ended. */
  by: z.enum(['status', 'answer', 'policy']).nullable(),
  /** failed: Meta's code and words, our sentence and the next step. */
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
    /** From acceptance on, or from the time for which it was scheduled. */
    sentMs: z.number().nullable(),
    deliveredMs: z.number().nullable(),
    readMs: z.number().nullable(),
  }),
  /** The oldest of very many steps are gone. */
  isTruncated: z.boolean(),
})
export type MessageTimelineView = z.infer<typeof MessageTimelineView>
