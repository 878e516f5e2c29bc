import type { QueryClient } from '@tanstack/react-query'
import { create } from 'zustand'
import type { MessageView } from '#shared/contracts/views.ts'
import { request } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { pauseBefore } from '../api/query-client.ts'
import { putSent } from '../data/patches.ts'
import { onLiveState } from '../realtime/live-store.ts'
import { useSession } from '../session/session-store.ts'
import { alone } from '../session/tabs.ts'
import { dropEntry, keepEntry, keptEntries, type OutboxEntry } from './outbox-storage.ts'

export type { OutboxEntry }

export const useOutbox = create<{ entries: OutboxEntry[] }>(() => ({ entries: [] }))

/** What is on its way in a conversation, in the order in which it was written. */
export const outboxOf = (entries: OutboxEntry[], conversationId: string): OutboxEntry[] =>
  entries.filter(entry => entry.conversationId === conversationId)

let queries: QueryClient | null = null
/** Conversations whose entries are being sent now: one after the other, so that they arrive in their order. */
const busy = new Set<string>()
let failures = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Takes up what was left, and tries again whenever the connection comes back. @returns what ends it */
export function startOutbox(queryClient: QueryClient): () => void {
  queries = queryClient
  useOutbox.setState({ entries: keptEntries() })
  sendAll()
  const stopListening = onLiveState(state => state === 'live' && retryAll())
  window.addEventListener('online', retryAll)
  return () => {
    stopListening()
    window.removeEventListener('online', retryAll)
    clearTimeout(timer)
    useOutbox.setState({ entries: [] })
  }
}

/** Sends a message of a conversation; it is shown at once. */
export function sendMessage(message: Pick<OutboxEntry, 'conversationId' | 'path' | 'body' | 'preview'>): void {
  put({ ...message, key: crypto.randomUUID(), createdAt: new Date().toISOString(), state: 'sending', problem: null })
  void sendThose(message.conversationId)
}

/** Sends a refused entry again, as the same message. */
export function retryEntry(key: string): void {
  const entry = find(key)
  if (entry === undefined) return
  put({ ...entry, state: 'sending', problem: null })
  void sendThose(entry.conversationId)
}

/** Takes an entry back that has not been accepted. */
export function cancelEntry(key: string): void {
  useOutbox.setState(({ entries }) => ({ entries: entries.filter(entry => entry.key !== key) }))
  dropEntry(key)
}

function retryAll(): void {
  failures = 0
  clearTimeout(timer)
  sendAll()
}

function sendAll(): void {
  for (const id of new Set(useOutbox.getState().entries.map(entry => entry.conversationId))) void sendThose(id)
}

async function sendThose(conversationId: string): Promise<void> {
  if (busy.has(conversationId)) return
  busy.add(conversationId)
  try {
    for (let entry = next(conversationId); entry; entry = next(conversationId)) if (!(await sendOne(entry))) return
  } finally {
    busy.delete(conversationId)
  }
}

/** The first entry that is not refused: a refused one holds up nothing. */
const next = (conversationId: string) =>
  outboxOf(useOutbox.getState().entries, conversationId).find(({ state }) => state !== 'refused')

/** @returns whether the next one may go */
async function sendOne(entry: OutboxEntry): Promise<boolean> {
  const owner = useSession.getState().user?.id
  try {
    const message = await alone(`send.${entry.key}`, () =>
      request<MessageView>('POST', entry.path, { body: entry.body, idempotencyKey: entry.key }),
    )
    failures = 0
    if (owner === useSession.getState().user?.id && queries) putSent(queries, message)
    cancelEntry(entry.key)
    return true
  } catch (error) {
    return failed(entry, error)
  }
}

function failed(entry: OutboxEntry, error: unknown): boolean {
  // Taken back meanwhile.
  if (find(entry.key) === undefined) return true
  const isPassing =
    !(error instanceof Problem) || error.isPassing || error.status === 401 || error.errorCode === 'IDEMPOTENCY_KEY_IN_USE'
  const problem =
    error instanceof Problem ? { errorCode: error.errorCode, detail: error.detail, requestId: error.requestId } : null
  put({ ...entry, state: isPassing ? 'waiting' : 'refused', problem })
  if (!isPassing) return true
  clearTimeout(timer)
  timer = setTimeout(sendAll, pauseBefore(failures++, error))
  return false
}

const find = (key: string) => useOutbox.getState().entries.find(entry => entry.key === key)

function put(entry: OutboxEntry): void {
  useOutbox.setState(({ entries }) => ({
    entries: find(entry.key) ? entries.map(known => (known.key === entry.key ? entry : known)) : [...entries, entry],
  }))
  keepEntry(entry)
}
