import type { MessageDoc } from '../model/documents.ts'

/** The fields of a message from which its status times are read. */
export type Timed = Pick<MessageDoc, 'status' | 'statusUpdatedAt' | 'createdAt' | 'timeline'>

export interface StatusTimes {
  queuedAt: string
  sentAt: string | null
  deliveredAt: string | null
  readAt: string | null
  failedAt: string | null
}

/**
 * The times at which an outbound message reached each status, from Meta's reports about the current attempt. Without a report of
 * SENT, `sentAt` is the acceptance of the call. For the current status the row itself is the fallback, because a full timeline
 * drops its oldest entries.
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
