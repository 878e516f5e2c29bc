import { MAX_TIMELINE } from '../domain/messages/waits.ts'
import type { TimelineEntry } from './documents.ts'

/** Joins the timeline, which keeps its latest steps. */
export const appended = (...entries: TimelineEntry[]) => ({ timeline: { $each: entries, $slice: -MAX_TIMELINE } })
