import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { USERNAME_LENGTH, usernameProblem } from '#shared/domain/numbers/username.ts'
import { Problem } from '../../../lib/api/problem.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { problemAt } from '../../../ui/form/field-problems.ts'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { Tag } from '../../../ui/tag.tsx'
import { type ShownUsername, usernameQuery, useUsernameClaim, useUsernameRelease } from './username-data.ts'

/** The username by which customers find a number, and how it is claimed, moved here and given back. */
export function UsernameSection({ numberId }: { numberId: string }) {
  const t = useText()
  const { data, error, refetch } = useQuery(usernameQuery(numberId))
  return (
    <section className="grid max-w-[40rem] gap-4" aria-labelledby="username">
      <header className="grid gap-1">
        <h2 id="username">{t('username.title')}</h2>
        <p className="text-ink-2">{t('username.text')}</p>
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('username.failed')} <bdi>{error instanceof Problem && error.status > 0 ? error.detail : null}</bdi>
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="8rem" />}
      {data && <Present numberId={numberId} shown={data} />}
      {data && <Claim key={data.username} numberId={numberId} shown={data} />}
    </section>
  )
}

interface PartProps {
  numberId: string
  shown: ShownUsername
}

/** The username that the number has, with its state and a button that gives it back. */
function Present({ numberId, shown: { username, status } }: PartProps) {
  const t = useText()
  const [isAsked, setAsked] = useState(false)
  if (username === null) return <p>{t('username.none')}</p>
  return (
    <div className="flex flex-wrap items-center gap-2">
      <bdi dir="ltr" className="weight-name min-w-0 break-all">
        @{username}
      </bdi>
      <Tag>{t(status === 'approved' ? 'username.approved' : 'username.reserved')}</Tag>
      <Button small onClick={() => setAsked(true)}>
        {t('username.remove')}
      </Button>
      {isAsked && <RemoveDialog numberId={numberId} username={username} onClose={() => setAsked(false)} />}
    </div>
  )
}

/** A field for another username, with what WhatsApp proposes. */
function Claim({ numberId, shown }: PartProps) {
  const t = useText()
  const [name, setName] = useState('')
  const claim = useUsernameClaim(numberId)
  const broken = name === '' ? null : usernameProblem(name)
  const isElsewhere = claim.error instanceof Problem && claim.error.errorCode === 'USERNAME_OF_ANOTHER_NUMBER'
  const refused = problemAt(claim.error, 'username')
  const proposed = shown.suggestions.filter(one => one !== shown.username)
  return (
    <form
      aria-label={t('username.claim.title')}
      className="grid gap-3"
      onSubmit={event => {
        event.preventDefault()
        if (broken === null && name !== '' && !claim.isPending) claim.mutate({ username: name, transfer: false })
      }}
    >
      <Field
        label={t('username.new')}
        hint={t('username.hint')}
        problem={broken ? t(`username.problem.${broken}`) : isElsewhere ? undefined : refused}
      >
        {ids => (
          <Input
            {...ids}
            dir="ltr"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            maxLength={USERNAME_LENGTH.max + 1}
            value={name}
            onChange={({ target }) => {
              claim.reset()
              setName(target.value)
            }}
          />
        )}
      </Field>
      {proposed.length > 0 && (
        <div className="flex flex-wrap items-center gap-2">
          <span className="text-ink-2">{t('username.suggestions')}</span>
          {proposed.map(one => (
            <Button key={one} small onClick={() => setName(one)}>
              <bdi dir="ltr">@{one}</bdi>
            </Button>
          ))}
        </div>
      )}
      {refused === undefined && <Refused error={claim.error} />}
      <div>
        <Button type="submit" busy={claim.isPending} disabled={name === '' || broken !== null}>
          {t('username.claim')}
        </Button>
      </div>
      {isElsewhere && (
        <Dialog
          title={t('username.transfer.title')}
          onClose={() => claim.reset()}
          footer={
            <>
              <Button onClick={() => claim.reset()}>{t('ui.cancel')}</Button>
              <Button kind="danger" onClick={() => claim.mutate({ username: name, transfer: true })}>
                {t('username.transfer')}
              </Button>
            </>
          }
        >
          <p>{t('username.transfer.text')}</p>
        </Dialog>
      )}
    </form>
  )
}

interface RemoveProps {
  numberId: string
  username: string
  onClose(): void
}

/** Asks before the username is given back: somebody else may take it. */
function RemoveDialog({ numberId, username, onClose }: RemoveProps) {
  const t = useText()
  const release = useUsernameRelease(numberId)
  return (
    <Dialog
      title={t('username.remove.title')}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button kind="danger" busy={release.isPending} onClick={() => release.mutate()}>
            {t('username.remove')}
          </Button>
        </>
      }
    >
      <p>
        <bdi dir="ltr">@{username}</bdi>: {t('username.remove.text')}
      </p>
      <Refused error={release.error} />
    </Dialog>
  )
}
