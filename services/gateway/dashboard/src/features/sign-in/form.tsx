import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Problem } from '../../lib/api/problem.ts'
import type { SignedIn } from '../../lib/api/types.ts'
import { useSecond } from '../../lib/clock.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { signIn } from '../../lib/session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FailIcon, Icon } from '../../ui/icons.tsx'
import { PasswordField } from '../../ui/password-input.tsx'

interface SignInFormProps {
  email?: string
  isEmailFixed?: boolean
  onSignedIn(signedIn: SignedIn): void
}

/** E-mail and password. The texts are those of `features/sign-in`, and of `app` where they are needed over any page. */
export function SignInForm({ email: given = '', isEmailFixed = false, onSignedIn }: SignInFormProps) {
  const t = useText()
  const [email, setEmail] = useState(given)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [isCodeAsked, setCodeAsked] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const codeField = useRef<HTMLInputElement>(null)
  const attempt = useSignIn(onSignedIn, error => {
    if (isAbout(error, 'CODE_REQUIRED')) setCodeAsked(true)
    else (isAbout(error, 'CODE_WRONG') ? codeField : field).current?.select()
  })
  const wait = useWait(attempt.error)
  return (
    <form
      className="grid w-full gap-4 [--control:2.5rem] pointer-coarse:[--control:2.75rem]"
      onSubmit={event => {
        event.preventDefault()
        if (!attempt.isPending && wait === 0) attempt.mutate({ email, password, ...(isCodeAsked && { code: code.trim() }) })
      }}
    >
      <Field label={t('app.signIn.email')}>
        {ids => (
          <Input
            {...ids}
            type="email"
            name="email"
            autoComplete="username"
            dir="ltr"
            required
            readOnly={isEmailFixed}
            autoFocus={!isEmailFixed}
            value={email}
            onChange={event => setEmail(event.target.value)}
            className="text-[1rem]"
          />
        )}
      </Field>
      <PasswordField
        ref={field}
        label={t('app.signIn.password')}
        autoComplete="current-password"
        data-autofocus={isEmailFixed || undefined}
        value={password}
        onChange={event => setPassword(event.target.value)}
      />
      {isCodeAsked && (
        <Field label={t('app.signIn.code')} hint={t('app.signIn.code.hint')}>
          {ids => (
            <Input
              {...ids}
              ref={codeField}
              autoFocus
              required
              dir="ltr"
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={40}
              value={code}
              onChange={event => setCode(event.target.value)}
              className="text-[1rem]"
            />
          )}
        </Field>
      )}
      {attempt.error && !isAbout(attempt.error, 'CODE_REQUIRED') && (
        <p role="alert" className="flex gap-2 rounded-2 bg-fail-soft px-3 py-2 text-fail">
          <Icon of={FailIcon} />
          <SignInProblem error={attempt.error} waitS={wait} />
        </p>
      )}
      <Button type="submit" kind="primary" wide busy={attempt.isPending} disabled={wait > 0}>
        {t('app.signIn.submit')}
      </Button>
    </form>
  )
}

const isAbout = (error: unknown, errorCode: string): boolean => error instanceof Problem && error.errorCode === errorCode

interface Given {
  email: string
  password: string
  code?: string
}

function useSignIn(onSignedIn: (signedIn: SignedIn) => void, onRefused: (error: Error) => void) {
  return useMutation({
    mutationFn: async ({ email, password, code }: Given) => {
      try {
        return { ...(await signIn(email, password, code)), failedAt: 0 }
      } catch (error) {
        throw Object.assign(error as Error, { failedAt: Date.now() })
      }
    },
    onSuccess: onSignedIn,
    onError: onRefused,
  })
}

/** Seconds until another try is allowed. */
function useWait(error: Error | null): number {
  const now = useSecond()
  if (!(error instanceof Problem) || error.retryAfterS === null) return 0
  const failedAt = (error as Problem & { failedAt?: number }).failedAt ?? now
  return Math.max(0, Math.ceil(error.retryAfterS - (now - failedAt) / 1000))
}

/** One neutral sentence: it does not tell whether the account exists. */
function SignInProblem({ error, waitS }: { error: Error; waitS: number }) {
  const problem = error instanceof Problem ? error : null
  if (problem?.status === 429) {
    const time = `${Math.floor(waitS / 60)}:${String(waitS % 60).padStart(2, '0')}`
    if (waitS === 0) return <Text id="app.signIn.again" />
    return <Text id="app.signIn.tooMany" values={{ time: <bdi className="figures">{time}</bdi> }} />
  }
  if (problem?.errorCode === 'CODE_WRONG') return <Text id="app.signIn.code.wrong" />
  if (problem?.status === 401) return <Text id="app.signIn.wrong" />
  if (problem?.errorCode === 'TENANT_INACTIVE') return <Text id="app.signIn.inactive" />
  if (problem?.errorCode === 'UNAVAILABLE') return <Text id="app.signIn.database" />
  if (problem?.status === 0) return <Text id="app.signIn.unreachable" />
  return <Text id="app.signIn.failed" values={{ id: problem?.requestId ?? '–' }} />
}
