import { expect, test } from 'vitest'
import type { Presence, Typing } from '#shared/contracts/socket-events.ts'
import { NOBODY } from './live-store.ts'
import { afterPresence, afterTyping, withoutSilent } from './presence.ts'

const user = { id: 'u2', name: 'Youssef' }
const presence = (status: Presence['status'], conversationId: string | null = null): Presence => ({
  ...{ userId: 'u2', user, status, conversationId, at: '2026-11-20T10:00:00.000Z' },
})
const typing = (isTyping: boolean): Typing => ({
  ...{ conversationId: 'c', userId: 'u2', user, typing: isTyping, at: '', expiresInMs: 6000 },
})

test('who looks is known once, until they leave or go', () => {
  const looking = afterPresence(afterPresence(NOBODY, presence('viewing', 'c')), presence('viewing', 'c'))
  expect(looking.viewers.c).toEqual([user])
  expect(afterPresence(looking, presence('left', 'c')).viewers.c).toEqual([])
  expect(afterPresence(looking, presence('offline')).viewers.c).toEqual([])
})

test('who writes is forgotten when no other word comes', () => {
  const writing = afterTyping(NOBODY, typing(true), 1000)
  expect(writing.writers.c).toEqual([{ user, until: 7000 }])
  expect(withoutSilent(writing, 6999)).toBe(writing)
  expect(withoutSilent(writing, 7000).writers).toEqual({})
  expect(afterTyping(writing, typing(false), 2000).writers.c).toEqual([])
})
