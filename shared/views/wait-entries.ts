import { waitsUntil } from '../domain/messages/waits.ts'
import type { Dispatch, TimelineEntry } from '../model/documents.ts'

/** Timeline entries of a message's waits since its last attempt. @param until end of the open wait, or now */
export const waitEntries = (dispatch: Dispatch | null | undefined, until: Date): TimelineEntry[] =>
  waitsUntil(dispatch?.waits ?? [], dispatch?.wait, until).map(({ reason, since, ms, times }) => ({
    kind: 'waited',
    at: since,
    reason,
    ms,
    ...(times > 1 && { times }),
  }))
