import type { MessageDoc } from '../model/documents.ts'

/** What the times of a message are read from. */
export type Timed = Pick<MessageDoc, 'status' | 'statusUpdatedAt' | 'createdAt' | 'timeline'>

export interface StatusTimes {
  queuedAt: string
  sentAt: string | null
  deliveredAt: string | null
  readAt: string | null
  failedAt: string | null
}

/**
 * When an outbound message took each status: by Meta's reports about its current attempt, the acceptance of the call where
 * no report says `sent`, and for the status it holds the row itself, whose timeline may have lost its oldest steps.
 */
export function statusTimes(message: Timed): StatusTimes {
  const { status, statusUpdatedAt, timeline, createdAt } = message
  const reports = timeline.filter(({ kind, detail }) => kind === 'status' && detail === undefined)
  const held = (name: string) => (status === name ? statusUpdatedAt.toISOString() : null)
  const reported = (name: string) => latest(reports.filter(report => report.status === name)) ?? held(name)
  return {
    queuedAt: createdAt.toISOString(),
    sentAt: reported('SENT') ?? latest(timeline.filter(({ outcome }) => outcome === 'accepted')),
    deliveredAt: reported('DELIVERED'),
    readAt: reported('READ'),
    failedAt: status === 'FAILED' ? reported('FAILED') : null,
  }
}

const latest = (entries: { at: Date }[]): string | null =>
  entries
    .map(({ at }) => at.toISOString())
    .toSorted()
    .at(-1) ?? null
