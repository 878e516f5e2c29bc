/** A call, as several webhooks tell it in any order. Times are ISO 8601. */
export interface CallFacts {
  direction: 'inbound' | 'outbound'
  /** Start and end of the conversation; a call that was not taken has no start. */
  startedAt?: string
  endedAt?: string
  /** Seconds of conversation. */
  durationS?: number
  /** Whether its end, that it was taken, or that it was rejected was reported. */
  isEnded?: true
  isAccepted?: true
  isRejected?: true
  /** Whether its end was reported as a failure. */
  isFailed?: true
}

export type CallState = 'ringing' | 'ongoing' | 'completed' | 'missed' | 'rejected' | 'unanswered'

/** All that two reports say of one call. */
export const mergeCalls = (one: CallFacts, other: CallFacts): CallFacts => ({ ...one, ...other, direction: one.direction })

/** How far a call is. A customer's call that ended before anybody took it was missed. */
export function callState(call: CallFacts): CallState {
  const wasTaken = call.startedAt !== undefined || (call.durationS ?? 0) > 0
  if (call.isEnded && wasTaken) return 'completed'
  if (call.isRejected) return 'rejected'
  if (call.isEnded) return call.direction === 'inbound' ? 'missed' : 'unanswered'
  return call.isAccepted || wasTaken ? 'ongoing' : 'ringing'
}
