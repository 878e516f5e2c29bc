import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { MessageView } from '#shared/contracts/views.ts'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { Failure, Waiting } from './notices.tsx'

interface Asked {
  method: string
  path: string
  body: unknown
  key: string | undefined
}
let asked: Asked[] = []
let answers: [status: number, body: object][] = []

beforeAll(() => loadTexts('features/inbox/message'))
beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', async (url: string, init: { method: string; body?: string; headers: Record<string, string> }) => {
    const path = new URL(url, 'http://linko').pathname.replace('/api/v1', '')
    asked.push({
      method: init.method,
      path,
      body: init.body ? JSON.parse(init.body) : null,
      key: init.headers['idempotency-key'],
    })
    const [status, body] = answers.shift() ?? [202, { id: 'm1', conversationId: 'c' }]
    return Response.json(body, { status })
  })
})
afterEach(() => vi.unstubAllGlobals())

const show = (row: React.ReactNode) =>
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={createQueryClient()}>{row}</QueryClientProvider>
    </I18nProvider>,
  )
const click = async (name: string) => fireEvent.click(await screen.findByRole('button', { name }))
const error = {
  ...{ key: null, code: 131026, title: 'Undeliverable', detail: null, sentence: 'No.', nextStep: 'Check.' },
  source: 'meta' as const,
}
const failed = { id: 'm1', externalMessageId: null } as MessageView

test('a failed message is sent again by its route, under one key for all tries', async () => {
  answers = [[503, { errorCode: 'UNAVAILABLE', detail: 'Later.' }]]
  show(<Failure message={failed} error={error} />)
  await click('Try again')
  await waitFor(() => expect(asked).toHaveLength(1))
  await waitFor(() => expect(screen.getByRole('button', { name: 'Try again' }).getAttribute('aria-busy')).toBeNull())
  await click('Try again')
  await waitFor(() => expect(asked).toHaveLength(2))
  expect(asked[0]).toEqual({
    ...{ method: 'POST', path: '/messages/by-id/m1/retry', body: { acceptDuplicate: false } },
    key: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  expect(asked[1]).toEqual(asked[0])
})

test('one whose content is no longer kept cannot be sent again', async () => {
  show(<Failure message={{ ...failed, emptiedAt: '2026-11-29T10:00:00.000Z' }} error={error} />)
  await screen.findByText('No.')
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
})

test('one that may have arrived is sent again only by somebody who was told so', async () => {
  answers = [[409, { errorCode: 'OUTCOME_UNKNOWN', detail: 'x' }]]
  show(<Failure message={failed} error={error} />)
  await click('Try again')
  expect(await screen.findByText(/may reach the person twice/)).toBeTruthy()
  await click('Send again anyway')
  await waitFor(() => expect(asked).toHaveLength(2))
  expect(asked[1]?.body).toEqual({ acceptDuplicate: true })
})

test('what waits for its time can be cancelled or sent now', async () => {
  const waiting = { reason: 'scheduled' as const, until: '2026-12-01T09:00:00.000Z' }
  show(<Waiting message={{ id: 'm1', sendAt: waiting.until }} waiting={waiting} />)
  await click('Send now')
  await waitFor(() => expect(asked).toHaveLength(1))
  expect(asked[0]).toMatchObject({ method: 'PATCH', path: '/messages/scheduled/m1', body: { sendAt: expect.any(String) } })
  await waitFor(() => expect(screen.getByRole('button', { name: 'Cancel sending' }).getAttribute('aria-busy')).toBeNull())
  await click('Cancel sending')
  await waitFor(() => expect(asked).toHaveLength(2))
  expect(asked[1]).toMatchObject({ method: 'DELETE', path: '/messages/scheduled/m1' })
})
