import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ConversationView } from '#shared/contracts/views.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import ThreadOwner from './thread-owner.tsx'

const asked: [string, unknown][] = []
beforeEach(async () => {
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string, { body }: { body: string }) => {
    asked.push([path, JSON.parse(body)])
    return Response.json({})
  })
  await loadTexts('features/inbox/routing')
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

const show = (threadOwner: ConversationView['threadOwner']) =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <I18nProvider i18n={i18n}>
        <ThreadOwner conversation={{ id: 'c1', threadOwner } as ConversationView} />
      </I18nProvider>
    </QueryClientProvider>,
  )

test.for([
  ['other', null, 'Take over', 'platform'],
  ['other', 'ai_agent', 'Take over', 'platform'],
  ['platform', null, 'Hand back', 'other'],
] as const)('where the owner is %s (%s) one may %s', async ([owner, role, button, wanted]) => {
  show({ owner, role, since: '2026-12-01T08:00:00.000Z' })
  fireEvent.click(screen.getByRole('button', { name: button }))
  await waitFor(() => expect(asked).toEqual([['/api/v1/conversations/c1/control', { owner: wanted }]]))
})
