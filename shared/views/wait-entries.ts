import { waitsUntil } from '../domain/messages/waits.ts'
import type { Dispatch, TimelineEntry } from '../model/documents.ts'

/** What a message has waited for since its last attempt. `until`: when the open wait ended, or now. */
export const waitEntries = (dispatch: Dispatch | null | undefined, until: Date): TimelineEntry[] =>
  waitsUntil(dispatch?.waits ?? [], dispatch?.wait, until).map(({ reason, since, ms, times }) => ({
    kind: 'waited',
    at: since,
    reason,
    ms,
    ...(times > 1 && { times }),
  }))
