import type { ConnectionState } from '#shared/realtime-client/client.ts'
import type { TextId } from '../lib/i18n/text-ids.ts'

export interface Badge {
  look: 'none' | 'live' | 'wait' | 'off'
  text: TextId | null
  /** `time`: since when it is so. `events`: how many are still to come. */
  detail: 'time' | 'events' | null
}

/** A loss that mends itself within this time is no news. */
const PATIENCE_MS = 3000

/** What the badge says. @param forMs how long the state has lasted @param behind events still to come; null: not known */
export function badgeOf(state: ConnectionState, forMs: number, behind: number | null): Badge {
  switch (state) {
    case 'connecting':
      return forMs < PATIENCE_MS
        ? { look: 'none', text: null, detail: null }
        : { look: 'wait', text: 'ui.connection.connecting', detail: null }
    case 'live':
      return { look: 'live', text: 'ui.connection.live', detail: null }
    case 'stale':
      return { look: 'live', text: 'ui.connection.stale', detail: null }
    case 'syncing':
      return { look: 'wait', text: 'ui.connection.syncing', detail: behind ? 'events' : null }
    case 'offline':
      return forMs < PATIENCE_MS
        ? { look: 'wait', text: 'ui.connection.connecting', detail: null }
        : { look: 'off', text: 'ui.connection.offline', detail: 'time' }
    case 'refused':
    case 'closed':
      return { look: 'off', text: 'ui.connection.refused', detail: null }
  }
}
