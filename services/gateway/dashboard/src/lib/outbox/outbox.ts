import type { QueryClient } from '@tanstack/react-query'
import { create } from 'zustand'
import type { MessageView, NoteView } from '#shared/contracts/views.ts'
import { request } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { pauseBefore } from '../api/query-client.ts'
import { putNote, putSent } from '../data/patches.ts'
import { onLiveState } from '../realtime/live-store.ts'
import { useSession } from '../session/session-store.ts'
import { alone } from '../session/tabs.ts'
import { dropEntry, isDoneElsewhere, keepEntry, keptEntries, type OutboxEntry, type OutboxFile } from './outbox-storage.ts'

export type { OutboxEntry, OutboxFile }

/** What is on its way, and how much of its file the server has: from 0 to 1, while it is being uploaded. */
export const useOutbox = create<{ entries: OutboxEntry[]; progress: Record<string, number> }>(() => ({
  entries: [],
  progress: {},
}))

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

type NewEntry = Pick<OutboxEntry, 'conversationId' | 'path' | 'body' | 'preview' | 'answer' | 'file'>

/** Sends a message or writes a note of a conversation; it is shown at once. `content`: that of its file. */
export function sendMessage(message: NewEntry, content?: Blob): void {
  const key = crypto.randomUUID()
  put({ ...message, key, createdAt: new Date().toISOString(), state: 'sending', problem: null })
  if (content) contents.set(key, content)
  if (content) void fileStorage().then(({ keepFile }) => keepFile(key, content))
  void sendThose(message.conversationId)
}

/** Content of the files of this page; those of before a reload are in the storage. */
const contents = new Map<string, Blob>()
const uploading = new Map<string, AbortController>()
const fileStorage = () => import('./file-storage.ts')

/** Content of the file of an entry; null when the browser has not kept it. */
export const contentOf = async (key: string): Promise<Blob | null> =>
  contents.get(key) ?? (await (await fileStorage()).readFile(key))

/** Sends a refused entry again, as the same message. */
export function retryEntry(key: string): void {
  const entry = find(key)
  if (entry === undefined) return
  put({ ...entry, state: 'sending', problem: null })
  void sendThose(entry.conversationId)
}

/** Takes an entry back that has not been accepted. */
export function cancelEntry(key: string): void {
  const hasFile = find(key)?.file !== undefined
  useOutbox.setState(({ entries }) => ({ entries: entries.filter(entry => entry.key !== key) }))
  dropEntry(key)
  uploading.get(key)?.abort()
  contents.delete(key)
  if (hasFile) void fileStorage().then(({ dropFile }) => dropFile(key))
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
    const answer = await alone(`send.${entry.key}`, async () => {
      if (isDoneElsewhere(entry.key)) return null
      const ready = await uploaded(entry)
      return await request<MessageView & NoteView>('POST', ready.path, { body: ready.body, idempotencyKey: entry.key })
    })
    failures = 0
    if (answer !== null && owner === useSession.getState().user?.id && queries)
      entry.answer === 'note' ? putNote(queries, answer) : putSent(queries, answer)
    cancelEntry(entry.key)
    return true
  } catch (error) {
    return failed(entry, error)
  }
}

/**
 * The entry with its file in its body, which the server has then. It has a key of its own, so that a file that was sent twice is kept
 * once. @throws Problem
 */
async function uploaded(entry: OutboxEntry): Promise<OutboxEntry> {
  const { key, file } = entry
  if (file === undefined) return entry
  const { uploadFile, withFile } = await import('./upload.ts')
  if (file.uploaded) return { ...entry, body: withFile(entry.body, file, file.uploaded) }
  const content = await contentOf(key)
  if (content === null) throw new Problem({ status: 410, errorCode: 'FILE_GONE', detail: 'The browser has not kept the file.' })
  const stop = new AbortController()
  uploading.set(key, stop)
  try {
    const known = await uploadFile(content, { ...file, key: `${key}-file`, signal: stop.signal, onProgress })
    const next = { ...entry, file: { ...file, uploaded: known } }
    // Taken back meanwhile, also before there was anything to abort.
    if (find(key) === undefined) throw new DOMException('The message was taken back.', 'AbortError')
    put(next)
    return { ...next, body: withFile(entry.body, file, known) }
  } finally {
    uploading.delete(key)
    useOutbox.setState(({ progress: { [key]: _done, ...progress } }) => ({ progress }))
  }

  function onProgress(share: number) {
    useOutbox.setState(({ progress }) => ({ progress: { ...progress, [key]: share } }))
  }
}

function failed(given: OutboxEntry, error: unknown): boolean {
  const entry = find(given.key)
  // Taken back meanwhile.
  if (entry === undefined) return true
  const isPassing =
    !(error instanceof Problem) || error.isPassing || error.status === 401 || error.errorCode === 'IDEMPOTENCY_KEY_IN_USE'
  const problem =
    error instanceof Problem
      ? {
          errorCode: error.errorCode,
          // In English: it is said in the language of whoever reads it later.
          detail: error.message,
          detailKey: error.detailKey,
          errors: error.errors,
          requestId: error.requestId,
        }
      : null
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
