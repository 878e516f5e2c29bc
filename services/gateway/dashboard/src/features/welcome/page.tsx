import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Problem, request } from '../../lib/api/client.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { signIn } from '../../lib/session/session.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FailIcon, Icon, LockIcon } from '../../ui/icons.tsx'
import { Mark } from '../../ui/mark.tsx'
import { PasswordField } from '../../ui/password-input.tsx'
import { Bone, Empty, ErrorRow } from '../../ui/states.tsx'

/** Whom a one-time link is for: the answer of `POST /auth/links/read`. */
interface OpenLink {
  purpose: 'invitation' | 'reset'
  email: string
  name: string
  role: 'agent' | 'manager' | 'tenant_admin' | 'platform_admin'
  company: string
  expiresAt: string
}

/** The token stands behind `#`, so that no server and no log sees it. */
const tokenOf = (hash: string) => new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? ''

/** What am I invited to, and which password do I want? */
export default function WelcomePage() {
  const t = useText()
  const [token] = useState(() => tokenOf(window.location.hash))
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: () => request<OpenLink>('POST', '/auth/links/read', { body: { token } }),
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  })
  useEffect(() => {
    document.title = `${t('welcome.title')} · Linko`
  })
  const isDead = token === '' || (link.error instanceof Problem && link.error.status === 410)
  return (
    <main id="main" className="grid min-h-dvh grid-rows-[auto_1fr] bg-sheet px-[clamp(1.25rem,6vw,5rem)] py-6">
      <header className="flex items-center gap-2 text-[1.25rem] tracking-tight">
        <Mark size={30} />
        <b>Linko</b>
      </header>
      <div className="grid w-[min(25rem,100%)] content-center gap-4 place-self-center">
        {isDead ? (
          <DeadLink />
        ) : link.error ? (
          <ErrorRow error={link.error} onRetry={() => void link.refetch()}>
            {t('welcome.notRead')}
          </ErrorRow>
        ) : link.data ? (
          <Choose link={link.data} token={token} />
        ) : (
          <div className="grid gap-3" aria-busy="true">
            <Bone width="60%" height="1.5rem" />
            <Bone width="80%" />
          </div>
        )}
      </div>
    </main>
  )
}

function DeadLink() {
  const t = useText()
  return (
    <Empty
      icon={LockIcon}
      title={t('welcome.dead')}
      text={t('welcome.dead.text')}
      action={
        <Link to="/sign-in" search={{}} className={buttonClass({})}>
          {t('welcome.toSignIn')}
        </Link>
      }
    />
  )
}

function Choose({ link, token }: { link: OpenLink; token: string }) {
  const t = useText()
  const { full } = useFormat()
  const navigate = useNavigate()
  const [name, setName] = useState(link.name)
  const [password, setPassword] = useState('')
  const isInvitation = link.purpose === 'invitation'
  const accept = useMutation({
    mutationFn: async () => {
      await request('POST', '/auth/links/accept', { body: { token, password, ...(isInvitation && { name }) } })
      // The link is used up: who cannot be signed in now does it by hand.
      return await signIn(link.email, password).then(
        () => true,
        () => false,
      )
    },
    onSuccess: isIn => navigate({ to: isIn ? '/inbox/{-$conversationId}' : '/sign-in', params: {}, search: {}, replace: true }),
  })
  const refusal = accept.error instanceof Problem ? accept.error : null
  if (refusal?.status === 410) return <DeadLink />
  return (
    <>
      <div>
        <h1 className="text-figure leading-[1.3]">
          <Text id={isInvitation ? 'welcome.invited' : 'welcome.reset'} values={{ company: link.company }} />
        </h1>
        <p className="text-ink-2">
          <Text id="welcome.until" values={{ role: t(`app.role.${link.role}`), at: full(link.expiresAt) }} />
        </p>
      </div>
      <form
        className="grid w-full gap-4 [--control:2.5rem] pointer-coarse:[--control:2.75rem]"
        onSubmit={event => {
          event.preventDefault()
          if (!accept.isPending) accept.mutate()
        }}
      >
        <Field label={t('app.signIn.email')}>
          {ids => <Input {...ids} type="email" autoComplete="username" dir="ltr" readOnly value={link.email} />}
        </Field>
        {isInvitation && (
          <Field label={t('welcome.name')}>
            {ids => (
              <Input
                {...ids}
                autoComplete="name"
                required
                maxLength={100}
                dir="auto"
                value={name}
                onChange={event => setName(event.target.value)}
              />
            )}
          </Field>
        )}
        <PasswordField
          label={t('welcome.password')}
          autoComplete="new-password"
          autoFocus
          value={password}
          onChange={event => setPassword(event.target.value)}
          hint={t('welcome.password.hint')}
          problem={refusal?.errorCode === 'PASSWORD_WEAK' && refusal.detail}
        />
        {accept.error && refusal?.errorCode !== 'PASSWORD_WEAK' && (
          <p role="alert" className="flex gap-2 rounded-2 bg-fail-soft px-3 py-2 text-fail">
            <Icon of={FailIcon} />
            {t(refusal?.status === 0 ? 'app.signIn.unreachable' : 'welcome.failed')}
          </p>
        )}
        <Button type="submit" kind="primary" wide busy={accept.isPending}>
          {t('welcome.submit')}
        </Button>
      </form>
    </>
  )
}
