import { MAX_TIMELINE } from '../domain/messages/waits.ts'
import type { TimelineEntry } from './documents.ts'

/** MongoDB `$push` that appends entries to the timeline and keeps the latest ones. */
export const appended = (...entries: TimelineEntry[]) => ({ timeline: { $each: entries, $slice: -MAX_TIMELINE } })

/** An entry without what Meta or the platform wrote about the very message: of an erased person only the course remains. */
export const bareEntry = ({ key: _key, detail: _detail, traceId: _traceId, ...entry }: TimelineEntry): TimelineEntry => entry
