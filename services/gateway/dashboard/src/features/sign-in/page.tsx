import { useLingui } from '@lingui/react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { DashboardSettings, SignedIn } from '../../lib/api/types.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { setLanguage } from '../../lib/i18n/i18n.ts'
import { LANGUAGE_NAMES, LANGUAGES } from '../../lib/i18n/languages.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { signIn } from '../../lib/session/session.ts'
import { useSettings } from '../../lib/settings.ts'
import { PersonAvatar } from '../../ui/avatar.tsx'
import { Mark } from '../../ui/mark.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { Elsewhere } from './elsewhere.tsx'
import { SignInForm } from './form.tsx'
import { methodsQuery } from './methods.ts'

/** Is this the right place, and what do I type? */
export default function SignInPage() {
  const t = useText()
  const people = useSettings()?.demoUsers ?? []
  const { data: methods } = useQuery(methodsQuery)
  const onSignedIn = useOnSignedIn()
  useEffect(() => {
    document.title = `${t('app.signIn.title')} · Linko`
  })
  return (
    <main id="main" className="grid min-h-dvh grid-cols-2 max-[55rem]:grid-cols-1">
      <section className="grid grid-rows-[auto_1fr_auto] gap-8 border-e border-line bg-sheet px-[clamp(1.25rem,6vw,5rem)] py-6 max-[55rem]:border-e-0 max-[55rem]:border-b">
        <header className="flex items-center gap-2 text-[1.25rem] tracking-tight">
          <Mark size={30} />
          <b>Linko</b>
        </header>
        <div className="grid w-[min(23rem,100%)] content-center gap-4 place-self-center">
          <div>
            <h1 className="text-figure leading-[1.3]">{t('app.signIn.title')}</h1>
            <p className="text-ink-2">{t('signIn.promise')}</p>
          </div>
          {methods?.password !== false && <SignInForm onSignedIn={onSignedIn} />}
          {methods?.oidc && <Elsewhere oidc={methods.oidc} />}
          <p className="text-meta text-ink-3">{t('signIn.noAccess')}</p>
        </div>
        <Languages />
      </section>
      <aside
        aria-label={t(people.length > 0 ? 'signIn.demo' : 'signIn.window')}
        className="grid content-center justify-items-center gap-8 px-[clamp(1.25rem,5vw,4rem)] py-8"
      >
        <Ledger />
        {people.length > 0 && <DemoUsers people={people} onSignedIn={onSignedIn} />}
      </aside>
    </main>
  )
}

function useOnSignedIn(): (signedIn: SignedIn) => void {
  const navigate = useNavigate()
  const { full } = useFormat()
  const { next } = useSearch({ from: '/sign-in' })
  return ({ lastLockedAt }) => {
    if (lastLockedAt) showToast({ kind: 'fail', text: <Text id="signIn.wasLocked" values={{ at: full(lastLockedAt) }} /> })
    void navigate({ href: next ?? '/inbox', replace: true })
  }
}

function Languages() {
  const current = useLingui().i18n.locale
  return (
    <footer className="flex gap-5">
      {LANGUAGES.map(language => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={language === current}
          onClick={() => void setLanguage(language)}
          className={`min-h-6 ${language === current ? 'weight-name text-brand' : 'text-ink-2'}`}
        >
          {LANGUAGE_NAMES[language]}
        </button>
      ))}
    </footer>
  )
}

/** The ring, large: what Linko counts. */
function Ledger() {
  return (
    <div aria-hidden="true" className="relative w-[min(18rem,70%)] max-[55rem]:hidden">
      <svg viewBox="0 0 320 320" fill="none" aria-hidden="true">
        <circle cx="160" cy="160" r="118" className="stroke-brand-line" strokeWidth="1.5" strokeDasharray="2 7" />
        <circle
          cx="160"
          cy="160"
          r="118"
          pathLength={100}
          strokeDasharray="73.75 100"
          transform="rotate(-90 160 160)"
          className="stroke-brand"
          strokeWidth="9"
          strokeLinecap="round"
        />
        <circle cx="42.4" cy="169.3" r="9" className="fill-time-mark" />
      </svg>
      <p className="figures absolute inset-0 grid place-items-center text-[3rem] font-light tracking-tight text-brand">17:42</p>
    </div>
  )
}

interface DemoUsersProps {
  people: DashboardSettings['demoUsers']
  onSignedIn(signedIn: SignedIn): void
}

function DemoUsers({ people, onSignedIn }: DemoUsersProps) {
  const t = useText()
  const attempt = useMutation({
    mutationFn: ({ email, password }: { email: string; password: string }) => signIn(email, password),
    onSuccess: onSignedIn,
    onError: () => showToast({ kind: 'fail', text: t('signIn.demo.failed') }),
  })
  return (
    <div className="w-[min(26rem,100%)]">
      <h2>{t('signIn.demo')}</h2>
      <p className="text-meta text-ink-3">{t('signIn.demo.hint')}</p>
      <ul className="mt-3 border-b border-line">
        {people.map(person => (
          <li key={person.email}>
            <button
              type="button"
              disabled={attempt.isPending}
              onClick={() => attempt.mutate(person)}
              className="grid min-h-13 w-full grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-3 border-t border-line px-2 py-1 text-start hover:bg-hover"
            >
              <PersonAvatar name={person.name} />
              <span className="min-w-0">
                <b className="weight-name block truncate">
                  <bdi>{person.name}</bdi>
                </b>
                <small className="block truncate text-meta text-ink-3">
                  <bdi dir="ltr">{person.email}</bdi>
                </small>
              </span>
              <em className="text-meta text-ink-3 not-italic">{t(`app.role.${person.role}`)}</em>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
