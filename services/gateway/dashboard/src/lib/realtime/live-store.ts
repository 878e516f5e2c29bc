import { create } from 'zustand'
import type { Availability } from '#shared/contracts/availability.ts'
import type { SocketUser } from '#shared/contracts/socket-events.ts'
import type { ConnectionState } from '#shared/realtime-client/client.ts'

export interface LiveState {
  state: ConnectionState
  /** Since when (ms since 1970). */
  since: number
  /** Events that are still to come while missed ones are replayed; null: not known. */
  behind: number | null
}

/** What is known about the connection. */
export const useLive = create<LiveState>(() => ({ state: 'connecting', since: Date.now(), behind: null }))

export interface Writer {
  user: SocketUser
  /** ms since 1970; forgotten after that unless another word comes. */
  until: number
}
export interface PresenceState {
  online: Record<string, SocketUser & { availability: Availability }>
  /** Colleagues who look at a conversation, by its id. */
  viewers: Record<string, SocketUser[]>
  /** Colleagues who write in a conversation, by its id. */
  writers: Record<string, Writer[]>
}
export const NOBODY: PresenceState = { online: {}, viewers: {}, writers: {} }

/** Who is here. Empty while the connection does not tell. */
export const usePresence = create<PresenceState>(() => NOBODY)

/** Calls `listener` when the state of the connection changes. @returns what ends it */
export const onLiveState = (listener: (state: ConnectionState) => void): (() => void) =>
  useLive.subscribe(({ state }, before) => {
    if (state !== before.state) listener(state)
  })
