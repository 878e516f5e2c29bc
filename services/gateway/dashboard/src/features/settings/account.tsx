import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useUser } from '../../lib/session/session-store.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { PasswordField } from '../../ui/password-input.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import { changePassword, endSession, type OwnSession, sessionsQuery, useSettingsChange } from './data.ts'
import { deviceOf } from './device.ts'
import { Part } from './part.tsx'
import { SecondFactorSection } from './second-factor.tsx'

/** Who I am here, and how I sign in. */
export function Account() {
  const t = useText()
  const { name, email, role } = useUser()
  return (
    <div className="grid gap-8">
      <Facts
        facts={[
          [t('settings.name'), name],
          [t('settings.email'), email],
          [t('settings.role'), t(`app.role.${role}`)],
        ]}
      />
      <PasswordSection />
      <SecondFactorSection />
      <Sessions />
    </div>
  )
}

function PasswordSection() {
  const t = useText()
  const [currentPassword, setCurrent] = useState('')
  const [newPassword, setNew] = useState('')
  const change = useSettingsChange(changePassword)
  return (
    <Part title={t('settings.password')} text={t('settings.password.text')}>
      <form
        className="grid gap-3"
        onSubmit={event => {
          event.preventDefault()
          if (!change.isPending) change.mutate({ currentPassword, newPassword })
        }}
      >
        <PasswordField
          label={t('settings.password.current')}
          autoComplete="current-password"
          value={currentPassword}
          onChange={event => setCurrent(event.target.value)}
        />
        <PasswordField
          label={t('settings.password.new')}
          autoComplete="new-password"
          value={newPassword}
          onChange={event => setNew(event.target.value)}
        />
        <Refused error={change.error} />
        {change.isSuccess && <p role="status">{t('settings.password.done')}</p>}
        <div>
          <Button type="submit" disabled={currentPassword === '' || newPassword === ''} busy={change.isPending}>
            {t('settings.password.submit')}
          </Button>
        </div>
      </form>
    </Part>
  )
}

function Sessions() {
  const t = useText()
  const { data, error, refetch } = useQuery(sessionsQuery)
  return (
    <Part title={t('settings.sessions')} text={t('settings.sessions.text')}>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('settings.sessions.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="4rem" />}
      <ul className="border-b border-line">
        {data?.data.map(session => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
    </Part>
  )
}

function SessionRow({ session: { id, userAgent, ip, lastUsedAt, isCurrent } }: { session: OwnSession }) {
  const t = useText()
  const { full } = useFormat()
  const end = useSettingsChange(endSession)
  const device = deviceOf(userAgent)
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-3 border-t border-line py-2">
      <div className="min-w-0">
        <p className="truncate" title={userAgent ?? undefined}>
          {device ? <Text id="settings.sessions.device" values={device} /> : <bdi dir="ltr">{userAgent ?? '–'}</bdi>}
        </p>
        <p className="text-meta text-ink-3">
          <bdi dir="ltr">{ip ?? '–'}</bdi> · <Text id="settings.sessions.used" values={{ at: full(lastUsedAt) }} />
        </p>
        <Refused error={end.error} />
      </div>
      {isCurrent ? (
        <Tag kind="ok">{t('settings.sessions.this')}</Tag>
      ) : (
        <Button small busy={end.isPending} onClick={() => end.mutate(id)}>
          {t('settings.sessions.end')}
        </Button>
      )}
    </li>
  )
}
