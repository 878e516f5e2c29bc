import type { Presence, SessionReady, SocketUser, Typing } from '#shared/contracts/socket-events.ts'
import type { PresenceState } from './live-store.ts'

/** The colleagues of a new session. */
export const afterReady = (state: PresenceState, { online, user }: SessionReady): PresenceState => ({
  ...state,
  online: Object.fromEntries(online.filter(({ id }) => id !== user.id).map(person => [person.id, person])),
})

/** Presence after somebody came, went, looked or left. */
export function afterPresence(state: PresenceState, { user, status, conversationId, availability }: Presence): PresenceState {
  if (status === 'viewing' && conversationId)
    return { ...state, viewers: { ...state.viewers, [conversationId]: [...others(state.viewers[conversationId], user), user] } }
  if (status === 'left' && conversationId)
    return { ...state, viewers: { ...state.viewers, [conversationId]: others(state.viewers[conversationId], user) } }
  if (status === 'offline') {
    const { [user.id]: _gone, ...online } = state.online
    const viewers = Object.fromEntries(Object.entries(state.viewers).map(([id, people]) => [id, others(people, user)]))
    return { ...state, online, viewers }
  }
  const known = state.online[user.id]?.availability ?? 'available'
  return { ...state, online: { ...state.online, [user.id]: { ...user, availability: availability ?? known } } }
}

/** Presence after a word about somebody's typing, at `now` (ms since 1970). */
export function afterTyping(
  state: PresenceState,
  { conversationId, user, typing, expiresInMs }: Typing,
  now: number,
): PresenceState {
  const writing = (state.writers[conversationId] ?? []).filter(writer => writer.user.id !== user.id && writer.until > now)
  const next = typing ? [...writing, { user, until: now + expiresInMs }] : writing
  return { ...state, writers: { ...state.writers, [conversationId]: next } }
}

/** Presence without those who have not been heard of for too long; the same when nobody is. */
export function withoutSilent(state: PresenceState, now: number): PresenceState {
  const isSilent = Object.values(state.writers).some(writing => writing.some(({ until }) => until <= now))
  if (!isSilent) return state
  const writers = Object.entries(state.writers).map(([id, writing]) => [id, writing.filter(({ until }) => until > now)] as const)
  return { ...state, writers: Object.fromEntries(writers.filter(([, writing]) => writing.length > 0)) }
}

const others = (people: SocketUser[] = [], user: SocketUser) => people.filter(({ id }) => id !== user.id)
