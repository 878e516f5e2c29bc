import { createRoute } from '@tanstack/react-router'
import { act, fireEvent, screen } from '@testing-library/react'
import { useState } from 'react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { shellRoute } from '../../../lib/routes.ts'
import { openPage } from '../../../test/open-page.tsx'
import type { Campaign } from '../data.ts'
import type { CampaignState } from '../search.ts'
import { Live } from './live.tsx'

const AT = '2026-12-01T10:00:00Z'
const CAMPAIGN: Campaign = {
  ...{ id: 'c1', name: 'November', clientId: 'n1', status: 'RUNNING', perMinute: null, variables: {} },
  template: { id: 't', name: 'welcome', language: 'en_US', category: 'MARKETING' },
  columns: { to: 'phone', name: null, headerMedia: null, variables: {} },
  ...{ statusReason: null, statusReasonKey: null, startAt: null, endsAt: null, endedAt: null },
  ...{ startedAt: AT, createdAt: AT, updatedAt: AT },
  audience: {
    ...{ kind: 'csv', state: 'READY', problem: null, problemKey: null },
    ...{ rows: 9, recipients: 9, invalid: 0, duplicate: 0, optedOut: 0 },
  },
  counts: { recipients: 9, pending: 9, skipped: 0, queued: 0, sent: 0, delivered: 0, read: 0, failed: 0 },
}

/** What an event tells. */
let tell: (status: CampaignState) => void
function Page() {
  const [status, setStatus] = useState<CampaignState>('RUNNING')
  tell = setStatus
  return <Live campaign={{ ...CAMPAIGN, status }} />
}

beforeAll(() => loadTexts('features/campaigns'))

test('who pauses may resume as soon as an event told of the pause, though its answer has not come', async () => {
  const posts: string[] = []
  vi.stubGlobal('fetch', async (url: string, { method }: RequestInit) => {
    if (method !== 'POST') return Response.json({ data: [], nextCursor: null })
    posts.push(url)
    return await new Promise<Response>(() => undefined)
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const route = createRoute({ getParentRoute: () => shellRoute, path: '/campaigns/$campaignId', component: Page })
  await openPage(route, '/campaigns/c1', { role: 'manager' })
  fireEvent.click(screen.getByRole('button', { name: 'Pause' }))
  await vi.waitFor(() => expect(posts).toEqual(['/api/v1/campaigns/c1/pause']))
  // A second click does nothing meanwhile.
  fireEvent.click(screen.getByRole('button', { name: 'Pause' }))
  act(() => tell('PAUSED'))
  fireEvent.click(screen.getByRole('button', { name: 'Resume' }))
  await vi.waitFor(() => expect(posts).toEqual(['/api/v1/campaigns/c1/pause', '/api/v1/campaigns/c1/resume']))
})
