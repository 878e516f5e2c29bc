import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createQueryClient } from '../lib/api/query-client.ts'
import { restoreSession } from '../lib/session/session.ts'
import { useSession } from '../lib/session/session-store.ts'
import { Toasts } from '../ui/toasts.tsx'
import { createAppRouter } from './router.tsx'
import { Unreachable } from './system-pages.tsx'

const queryClient = createQueryClient()
const router = createAppRouter(queryClient)

const retry = () => void restoreSession()

export function App() {
  const isUnknown = useSession(({ status, user }) => status === 'unreachable' && user === null)
  return (
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={queryClient}>
          {isUnknown ? <Unreachable onRetry={retry} /> : <RouterProvider router={router} />}
          <Toasts />
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>
  )
}
