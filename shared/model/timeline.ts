import { MAX_TIMELINE } from '../domain/messages/waits.ts'
import type { TimelineEntry } from './documents.ts'

/** MongoDB `$push` that appends entries to the timeline and keeps the latest ones. */
export const appended = (...entries: TimelineEntry[]) => ({ timeline: { $each: entries, $slice: -MAX_TIMELINE } })
