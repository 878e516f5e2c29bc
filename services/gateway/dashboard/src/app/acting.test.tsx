import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { fireEvent, render, screen } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import { actIn, actingNow, forgetActing } from '../lib/session/acting.ts'
import { useSession } from '../lib/session/session-store.ts'
import { ActingBanner } from './acting.tsx'

const show = () =>
  render(
    <I18nProvider i18n={i18n}>
      <ActingBanner />
    </I18nProvider>,
  )

test('the banner names the account as long as somebody acts in it, and leads back', () => {
  const user = { id: 'u', email: 'a@b', name: 'Amina', role: 'platform_admin' as const, tenantId: 'own' }
  useSession.setState({ status: 'signed-in', token: 't', user })
  forgetActing()
  expect(show().container.textContent).toBe('')
  vi.stubGlobal('location', { assign: vi.fn(), origin: 'http://linko' })
  onTestFinished(() => void vi.unstubAllGlobals())
  actIn({ id: 'b', name: 'Beta <b>' })
  show()
  expect(screen.getByRole('region', { name: 'Another account' }).textContent).toContain('You act in the account Beta <b>.')
  fireEvent.click(screen.getByRole('button', { name: 'Back to your own account' }))
  expect(location.assign).toHaveBeenLastCalledWith('/tenants')
  expect(actingNow()).toBeNull()
})
