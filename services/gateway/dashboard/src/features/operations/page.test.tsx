import { screen } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openPage } from '../../test/open-page.tsx'
import { operationsRoute } from './route.ts'

test.for([
  ['/operations', 'Overview'],
  ['/operations?view=jobs', 'Jobs'],
  ['/operations?view=events&status=FAILED', 'Webhook events'],
] as const)('%s: one view is the current one', async ([address, name]) => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined))
  onTestFinished(() => void vi.unstubAllGlobals())
  await openPage(operationsRoute, address, { role: 'platform_admin' })
  const links = await screen.findAllByRole('link', { current: 'page' })
  expect(links.map(({ textContent }) => textContent)).toEqual([name])
})
