import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { useMinute } from '../../lib/clock.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { useUser } from '../../lib/session/session-store.ts'
import { PersonAvatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { LockIcon, PlusIcon } from '../../ui/icons.tsx'
import { LinkDialog, type OneTimeLink } from '../../ui/link-dialog.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { ErrorRow, ListBones } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { changePerson, newLink, type Person, peopleQuery, usePeopleChange } from './data.ts'
import { InviteDialog } from './invite-dialog.tsx'
import { RoleSelect, rankOf } from './role-select.tsx'

/** Who works here, what may they do, and how does somebody new come in? */
export default function PeoplePage() {
  const t = useText()
  const mayChange = useMay('users.write')
  const mayRead = useMay('users.read')
  const [isInviting, setInviting] = useState(false)
  const [shown, setShown] = useState<{ name: string; link: OneTimeLink } | null>(null)
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...peopleQuery,
    enabled: mayRead,
  })
  const people = data?.pages.flatMap(page => page.data) ?? []
  useEffect(() => {
    document.title = `${t('app.nav.people')} · Linko`
  })
  if (!mayRead) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[60rem] gap-4 p-5 max-two:p-3">
      <header className="flex items-center justify-between gap-3">
        <h1>{t('app.nav.people')}</h1>
        {mayChange && (
          <Button kind="primary" icon={PlusIcon} onClick={() => setInviting(true)}>
            {t('people.invite')}
          </Button>
        )}
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('people.list.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <ListBones height="2rem" />}
      <ul className="border-b border-line">
        {people.map(person => (
          <PersonRow
            key={person.id}
            person={person}
            mayChange={mayChange}
            onLink={link => setShown({ name: person.name, link })}
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('people.more')}
        </Button>
      )}
      {isInviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onInvited={(name, link) => {
            setInviting(false)
            setShown({ name, link })
          }}
        />
      )}
      {shown && <LinkDialog {...shown} onClose={() => setShown(null)} />}
    </div>
  )
}

interface PersonRowProps {
  person: Person
  mayChange: boolean
  onLink(link: OneTimeLink): void
}

function PersonRow({ person, mayChange, onLink }: PersonRowProps) {
  const t = useText()
  const { role: ownRole, id: ownId } = useUser()
  const change = usePeopleChange(changePerson)
  const link = usePeopleChange(newLink)
  const isOwn = person.id === ownId
  const isOff = person.status === 'disabled'
  const next = isOff ? 'active' : 'disabled'
  const isAbove = rankOf(person.role) > rankOf(ownRole)
  const fail = (error: unknown) =>
    showToast({
      kind: 'fail',
      text: (
        <>
          {t('people.failed')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
        </>
      ),
    })
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_10rem_20rem] items-center gap-3 border-t border-line py-2.5 max-two:grid-cols-1">
      <div className="flex min-w-0 items-center gap-3">
        <PersonAvatar name={person.name} />
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-2">
            <bdi className="weight-name truncate">{person.name}</bdi>
            <State person={person} />
          </p>
          <p className="truncate text-meta text-ink-3">
            <bdi dir="ltr">{person.email}</bdi> · <LastSeen at={person.lastSeenAt} />
          </p>
        </div>
      </div>
      <RoleSelect
        aria-label={t('people.roleOf', { name: person.name })}
        value={person.role}
        own={ownRole}
        disabled={!mayChange || isOwn || isAbove || change.isPending}
        onChange={role => change.mutate({ id: person.id, role }, { onError: fail })}
      />
      {mayChange && (
        <div className="flex flex-wrap justify-end gap-2 max-two:justify-start">
          <Button
            small
            disabled={isOff || isOwn || isAbove}
            busy={link.isPending}
            onClick={() => link.mutate({ id: person.id }, { onSuccess: onLink, onError: fail })}
          >
            {t(person.status === 'invited' ? 'people.newInvitation' : 'people.newPassword')}
          </Button>
          <Button
            small
            kind="quiet"
            disabled={isOwn || isAbove}
            busy={change.isPending && change.variables.status === next}
            onClick={() => change.mutate({ id: person.id, status: next }, { onError: fail })}
          >
            {t(isOff ? 'people.enable' : 'people.disable')}
          </Button>
        </div>
      )}
    </li>
  )
}

function State({ person: { status, hasSecondFactor } }: { person: Person }) {
  const t = useText()
  return (
    <>
      {status === 'invited' && <Tag kind="time">{t('people.state.invited')}</Tag>}
      {status === 'disabled' && <Tag kind="fail">{t('people.state.disabled')}</Tag>}
      {hasSecondFactor && (
        <Tag kind="ok" icon={LockIcon}>
          {t('people.state.secondFactor')}
        </Tag>
      )}
    </>
  )
}

function LastSeen({ at }: { at: string | null }) {
  const t = useText()
  const { listTime } = useFormat()
  const now = useMinute()
  if (at === null) return t('people.neverSeen')
  return <Text id="people.seen" values={{ at: listTime(at, new Date(now)) }} />
}
