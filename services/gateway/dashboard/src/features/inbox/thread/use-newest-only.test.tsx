import { QueryClientProvider, useInfiniteQuery } from '@tanstack/react-query'
import { act, render, waitFor } from '@testing-library/react'
import { type RefObject, useRef } from 'react'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { MessageView } from '#shared/contracts/views.ts'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import { inOrder } from '../../../lib/data/message-list.ts'
import { messagesQuery } from '../../../lib/data/messages.ts'
import { putSent } from '../../../lib/data/patches.ts'
import { useNewestOnly } from './use-newest-only.ts'

/** Messages of the conversation on the server, the oldest first. */
let stored: MessageView[] = []
let isAtEnd: RefObject<boolean>

const message = (n: number): MessageView => {
  const at = new Date(Date.UTC(2026, 10, 20) + n * 1000).toISOString()
  return { id: String(n), conversationId: 'c', status: 'RECEIVED', createdAt: at, statusUpdatedAt: at } as MessageView
}

beforeEach(() => {
  stored = Array.from({ length: 200 }, (_, n) => message(n))
  vi.stubGlobal('fetch', async (url: string) => {
    const asked = new URL(url, 'http://linko').searchParams
    const end = Number(asked.get('cursor') ?? stored.length)
    const begin = end - Number(asked.get('limit'))
    const data = stored.slice(begin, end).reverse()
    return Response.json({ data, hasMore: begin > 0, nextCursor: String(begin) })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
})

function Conversation() {
  isAtEnd = useRef(true)
  const { data, fetchNextPage } = useInfiniteQuery(messagesQuery('c'))
  useNewestOnly('c', data, isAtEnd)
  return (
    <button type="button" onClick={() => void fetchNextPage()}>
      {inOrder(data).length}
    </button>
  )
}

async function open() {
  const queries = createQueryClient()
  const { getByRole, unmount } = render(
    <QueryClientProvider client={queries}>
      <Conversation />
    </QueryClientProvider>,
  )
  const button = getByRole('button')
  const shows = (count: number) => waitFor(() => expect(button.textContent).toBe(String(count)))
  /** Stores so many messages and tells of them. */
  const receive = (count: number) =>
    act(async () => {
      for (let i = 0; i < count; i++) {
        const next = message(stored.length)
        stored.push(next)
        putSent(queries, next)
      }
    })
  const loaded = () => inOrder(queries.getQueryData(messagesQuery('c').queryKey)).map(({ id }) => Number(id))
  await shows(40)
  return { button, shows, receive, loaded, unmount }
}

test('at its end a conversation lets go older messages when many have come, and scrolling loads them again', async () => {
  const { button, shows, receive, loaded } = await open()
  button.click()
  await shows(80)
  await receive(80)
  await shows(160)
  await receive(1)
  await shows(40)
  expect(loaded()).toEqual(stored.slice(-40).map(({ id }) => Number(id)))
  button.click()
  await shows(80)
  expect(loaded()).toEqual(stored.slice(-80).map(({ id }) => Number(id)))
})

test('who reads further up keeps all messages until they are back at the end', async () => {
  const { shows, receive } = await open()
  isAtEnd.current = false
  await receive(200)
  await shows(240)
  isAtEnd.current = true
  await receive(1)
  await shows(40)
})

test('a closed conversation to which many have come is loaded anew when it opens', async () => {
  const { receive, loaded, unmount } = await open()
  unmount()
  await receive(80)
  expect(loaded()).toHaveLength(120)
  await receive(1)
  expect(loaded()).toEqual([])
})
