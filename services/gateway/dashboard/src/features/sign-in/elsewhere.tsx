import { useSearch } from '@tanstack/react-router'
import { useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { buttonClass } from '../../ui/button.tsx'
import { FailIcon, Icon } from '../../ui/icons.tsx'
import type { Methods } from './methods.ts'

/** Why a sign-in at the identity provider ended without one; another reason has the common sentence. */
const REFUSALS: Record<string, TextId> = {
  OIDC_UNKNOWN: 'signIn.elsewhere.unknown',
  OIDC_EMAIL: 'signIn.elsewhere.email',
  OIDC_OTHER: 'signIn.elsewhere.other',
  OIDC_ROLE: 'signIn.elsewhere.role',
  OIDC_UNAVAILABLE: 'signIn.elsewhere.unavailable',
  USER_DISABLED: 'app.signIn.inactive',
  TENANT_INACTIVE: 'app.signIn.inactive',
}

/** Sign-in by the identity provider of the installation, and why the last one was refused. */
export function Elsewhere({ oidc }: { oidc: NonNullable<Methods['oidc']> }) {
  const t = useText()
  const { next, error } = useSearch({ from: '/sign-in' })
  const start = `${oidc.startUrl}?${new URLSearchParams({ returnTo: next ?? '/inbox' })}`
  return (
    <>
      {error && (
        <p role="alert" className="flex gap-2 rounded-2 bg-fail-soft px-3 py-2 text-fail">
          <Icon of={FailIcon} />
          <span>{t(REFUSALS[error] ?? 'signIn.elsewhere.refused')}</span>
        </p>
      )}
      <a
        href={start}
        className={`${buttonClass({ wide: true })} no-underline [--control:2.5rem] pointer-coarse:[--control:2.75rem]`}
      >
        {t('signIn.elsewhere', { name: oidc.name })}
      </a>
    </>
  )
}
