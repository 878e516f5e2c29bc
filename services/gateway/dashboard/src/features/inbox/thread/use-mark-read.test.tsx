import { QueryClientProvider } from '@tanstack/react-query'
import { act, render, waitFor } from '@testing-library/react'
import { useRef } from 'react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import { useMarkRead } from './use-mark-read.ts'

const UNREAD = { id: 'c', unreadCount: 1 } as ConversationView

function Conversation({ newest }: { newest: string }) {
  useMarkRead(UNREAD, { id: newest } as MessageView, useRef(true))
  return null
}

test('what was read is told one request at a time, and the last message in the end', async () => {
  const told: string[] = []
  let answer: () => void = () => undefined
  vi.stubGlobal('fetch', async (_url: string, { body }: RequestInit) => {
    told.push((JSON.parse(String(body)) as { upTo: string }).upTo)
    await new Promise<void>(resolve => {
      answer = resolve
    })
    return Response.json({})
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const queries = createQueryClient()
  const show = (newest: string) => (
    <QueryClientProvider client={queries}>
      <Conversation newest={newest} />
    </QueryClientProvider>
  )
  const { rerender } = render(show('1'))
  await waitFor(() => expect(told).toEqual(['1']))
  for (const newest of ['2', '3', '4']) rerender(show(newest))
  expect(told).toEqual(['1'])
  await act(async () => answer())
  await waitFor(() => expect(told).toEqual(['1', '4']))
  await act(async () => answer())
})
