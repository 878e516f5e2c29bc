import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createQueryClient } from '../api/query-client.ts'
import { keys } from '../data/keys.ts'
import { useSession } from '../session/session-store.ts'
import { withFile } from './body.ts'
import { cancelEntry, type OutboxEntry, retryEntry, sendMessage, startOutbox, useOutbox } from './outbox.ts'

const PATIENCE = { timeout: 20_000 }
const ID = 'c'.repeat(24)
const text = { conversationId: ID, path: '/messages/send', body: { text: 'Hello' }, preview: { type: 'text', text: 'Hello' } }
const picture = {
  ...{ conversationId: ID, path: '/messages', body: { conversationId: ID }, preview: { type: 'image', text: 'Plan' } },
  file: { name: 'plan.png', type: 'image/png', size: 3, into: 'message' as const, caption: 'Plan' },
}

/** What the server was asked, and what it answers: `own` first, then that all is well. */
interface Asked {
  url: string
  key: string | null
  body: unknown
}
let asked: Asked[] = []
let own: (asked: Asked) => Response | Promise<Response> | null = () => null
const queries = createQueryClient()
let stop = () => {}

const answer = async (asking: Asked): Promise<Response> => {
  asked.push(asking)
  const answered = await own(asking)
  if (answered) return answered
  if (asking.url.startsWith('/api/v1/media')) return Response.json({ id: 'f1', kind: 'image' }, { status: 201 })
  return Response.json({ id: `m${asked.length}`, conversationId: ID }, { status: 202 })
}

/** As far as uploads need it. */
class FakeRequest {
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {}
  status = 0
  responseText = ''
  onload = () => {}
  onerror = () => {}
  onabort = () => {}
  #url = ''
  #headers: Record<string, string> = {}
  open = (_method: string, url: string) => {
    this.#url = url
  }
  setRequestHeader = (name: string, value: string) => {
    this.#headers[name] = value
  }
  getResponseHeader = () => null
  abort = () => this.onabort()
  send = async (body: unknown) => {
    this.upload.onprogress?.({ loaded: 1, total: 4 })
    try {
      const response = await answer({ url: this.#url, key: this.#headers['idempotency-key'] ?? null, body })
      this.status = response.status
      this.responseText = await response.text()
      this.onload()
    } catch {
      this.onerror()
    }
  }
}

const entries = () => useOutbox.getState().entries
const kept = () => Object.keys(localStorage).filter(key => key.includes('outbox'))
const until = (fact: () => unknown) => vi.waitFor(() => expect(fact()).toBeTruthy(), PATIENCE)

beforeEach(() => {
  asked = []
  own = () => null
  vi.stubGlobal('XMLHttpRequest', FakeRequest)
  vi.stubGlobal('fetch', (url: string, { body, headers }: { body: string; headers: Record<string, string> }) =>
    answer({ url, key: headers['idempotency-key'] ?? null, body: JSON.parse(body) }),
  )
  const user = { id: 'u', email: 'a@b', name: 'Amina', role: 'agent' as const, tenantId: 't' }
  useSession.setState({ status: 'signed-in', token: 't', user })
  stop = startOutbox(queries)
})
afterEach(() => {
  stop()
  queries.clear()
  vi.unstubAllGlobals()
})

test('a message is shown and kept at once, sent with its key, and gone when the server has it', async () => {
  sendMessage(text)
  expect(entries()).toMatchObject([{ state: 'sending', preview: { text: 'Hello' } }])
  expect(kept()).toHaveLength(1)
  await until(() => entries().length === 0)
  expect(asked).toMatchObject([{ url: '/api/v1/messages/send', body: { text: 'Hello' } }])
  expect(asked[0]?.key).toMatch(/^[0-9a-f-]{36}$/)
  expect(kept()).toEqual([])
})

test('a page that is loaded anew sends what was left, with the same key', async () => {
  own = () => new Promise<never>(() => {})
  sendMessage({ ...text, conversationId: 'hangs' })
  await until(() => asked.length === 1)
  own = () => null
  vi.resetModules()
  const page = await import('./outbox.ts')
  const session = await import('../session/session-store.ts')
  session.useSession.setState(useSession.getState())
  const end = page.startOutbox(createQueryClient())
  expect(page.useOutbox.getState().entries).toHaveLength(1)
  await until(() => page.useOutbox.getState().entries.length === 0)
  end()
  expect(asked).toHaveLength(2)
  expect(asked[1]).toEqual(asked[0])
})

test('a file is uploaded first, under a key of its own, and its message goes once', async () => {
  const shares: (number | undefined)[] = []
  const unsubscribe = useOutbox.subscribe(({ progress }) => void shares.push(...Object.values(progress)))
  sendMessage(picture, new Blob(['abc'], { type: 'image/png' }))
  expect(entries()).toHaveLength(1)
  await until(() => entries().length === 0)
  unsubscribe()
  expect(asked.map(({ url }) => url)).toEqual(['/api/v1/media?filename=plan.png', '/api/v1/messages'])
  expect(asked[1]?.body).toEqual({ conversationId: ID, type: 'image', image: { id: 'f1', caption: 'Plan' } })
  expect(asked[0]?.key).toBe(`${asked[1]?.key}-file`)
  expect(shares).toContain(0.25)
  expect(useOutbox.getState().progress).toEqual({})
})

test('a file that the server has is not uploaded again when its message is tried again', async () => {
  own = ({ url }) =>
    url === '/api/v1/messages' && asked.length < 3
      ? Response.json({ errorCode: 'WINDOW_CLOSED', detail: 'x' }, { status: 422 })
      : null
  sendMessage(picture, new Blob(['abc'], { type: 'image/png' }))
  await until(() => entries()[0]?.state === 'refused')
  own = () => null
  retryEntry(entries()[0]?.key as string)
  await until(() => entries().length === 0)
  expect(asked.map(({ url }) => url.split('?')[0])).toEqual(['/api/v1/media', '/api/v1/messages', '/api/v1/messages'])
  expect(asked[2]).toEqual(asked[1])
})

test('an upload that is cancelled sends nothing', async () => {
  let finish = (_: Response) => {}
  own = () => new Promise<Response>(resolve => (finish = resolve))
  sendMessage(picture, new Blob(['abc'], { type: 'image/png' }))
  await until(() => asked.length === 1)
  cancelEntry(entries()[0]?.key as string)
  finish(Response.json({ id: 'f1', kind: 'image' }, { status: 201 }))
  sendMessage(text)
  own = () => null
  await until(() => entries().length === 0 && asked.length === 2)
  expect(asked.map(({ url }) => url.split('?')[0])).toEqual(['/api/v1/media', '/api/v1/messages/send'])
})

test('a message whose file the browser has not kept says so and sends nothing', async () => {
  const entry: OutboxEntry = { ...picture, key: 'k1', createdAt: '2026-11-29T10:00:00.000Z', state: 'waiting', problem: null }
  localStorage.setItem('linko.own.outbox.u.k1', JSON.stringify(entry))
  stop()
  stop = startOutbox(queries)
  await until(() => entries()[0]?.state === 'refused')
  expect(entries()[0]?.problem).toMatchObject({ errorCode: 'FILE_GONE' })
  expect(asked).toEqual([])
})

test('what another tab has sent meanwhile is not sent again, and is no longer shown', async () => {
  own = () => Response.json({ errorCode: 'X', detail: 'x' }, { status: 503 })
  sendMessage(text)
  await until(() => entries()[0]?.state === 'waiting')
  for (const key of kept()) localStorage.removeItem(key)
  const before = asked.length
  window.dispatchEvent(new Event('online'))
  await until(() => entries().length === 0)
  expect(asked).toHaveLength(before)
})

test('a note is put among the notes, not among the messages', async () => {
  queries.setQueryData(keys.notes(ID), [])
  own = () => Response.json({ id: 'n1', conversationId: ID, text: 'Call him' }, { status: 201 })
  sendMessage({ ...text, path: `/conversations/${ID}/notes`, answer: 'note' })
  await until(() => entries().length === 0)
  expect(queries.getQueryData(keys.notes(ID))).toMatchObject([{ id: 'n1' }])
})

test.for([
  ['image', { type: 'image', image: { id: 'f', caption: 'Look' } }],
  ['document', { type: 'document', document: { id: 'f', filename: 'a.bin', caption: 'Look' } }],
  ['audio', { type: 'audio', audio: { id: 'f', voice: true } }],
  ['sticker', { type: 'sticker', sticker: { id: 'f' } }],
] as const)('an uploaded %s becomes %j', ([kind, body]) => {
  const file = { name: 'a.bin', type: '', size: 1, into: 'message' as const, caption: 'Look', isVoice: true as const }
  expect(withFile({}, file, { id: 'f', kind })).toEqual(body)
})

test('a file for a template goes into its header', () => {
  const file = { name: 'a.pdf', type: '', size: 1, into: 'headerMedia' as const }
  expect(withFile({ templateId: 't' }, file, { id: 'f', kind: 'document' })).toEqual({
    templateId: 't',
    headerMedia: { id: 'f', filename: 'a.pdf' },
  })
})
