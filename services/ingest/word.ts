import type { WebhookEventStatus } from '#shared/store/documents.ts'

/** What became of an item, for its row in `webhookEvents`. */
export interface Word {
  status: WebhookEventStatus
  reason: string | null
}

export const PROCESSED: Word = { status: 'PROCESSED', reason: null }
export const ignored = (reason: string): Word => ({ status: 'IGNORED', reason })
