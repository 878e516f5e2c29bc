import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { nameOf } from '../../lib/data/contact-name.ts'
import { conversationQuery } from '../../lib/data/conversations.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { type Notification, readAll, useNotifications } from '../../lib/notifications.ts'
import { setPreference, usePreferences } from '../../lib/preferences.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Check } from '../../ui/field.tsx'
import { BellIcon, FailIcon, Icon, MentionIcon, UserIcon } from '../../ui/icons.tsx'
import { Empty } from '../../ui/states.tsx'
import { endPush, usePush } from './push.ts'

const ICONS = { assigned: UserIcon, mentioned: MentionIcon, failed: FailIcon }

/** What concerns me, the newest first. Opening it counts as having read it. */
export default function NotificationCentre({ onClose }: { onClose(): void }) {
  const t = useText()
  const { items } = useNotifications()
  // Once it is closed again, nothing in it is new.
  useEffect(() => readAll, [])
  return (
    <Dialog title={t('app.notifications')} onClose={onClose}>
      {items.length === 0 && <Empty icon={BellIcon} title={t('notifications.none')} text={t('notifications.none.text')} />}
      <ul>
        {items.map(item => (
          <li key={item.id} className="border-t border-line first:border-t-0">
            <Item item={item} onOpen={onClose} />
          </li>
        ))}
      </ul>
      <Choices />
    </Dialog>
  )
}

function Item({ item: { kind, conversationId, at, isRead }, onOpen }: { item: Notification; onOpen(): void }) {
  const t = useText()
  const { time, full } = useFormat()
  const { data } = useQuery(conversationQuery(conversationId))
  const name = (data && nameOf(data).text) ?? t('app.notifications.somebody')
  return (
    <Link
      to="/inbox/{-$conversationId}"
      params={{ conversationId }}
      onClick={onOpen}
      className="flex min-h-11 items-center gap-3 px-1 py-1.5 text-ink no-underline hover:bg-hover"
    >
      <Icon of={ICONS[kind]} className={kind === 'failed' ? 'text-fail' : 'text-brand'} />
      <span className={`min-w-0 flex-1 ${isRead ? '' : 'weight-name'}`}>
        <Text id={`notifications.${kind}`} values={{ name }} />
      </span>
      <time dateTime={at} title={full(at)} className="figures text-meta text-ink-3">
        {time(at)}
      </time>
    </Link>
  )
}

/** Permission is asked for by this click alone, never by itself. */
function Choices() {
  const t = useText()
  const { sound, desktopNotifications } = usePreferences()
  const isReached = usePush(state => state.isReached)
  const canNotify = 'Notification' in window && Notification.permission !== 'denied'
  const allow = async (on: boolean) => {
    // Where the browser need not ask anybody, the choice is made at once.
    const mayTell = on && (Notification.permission === 'granted' || (await Notification.requestPermission()) === 'granted')
    setPreference('desktopNotifications', mayTell)
    if (!on) await endPush()
  }
  return (
    <div className="grid gap-1 border-t border-line pt-3">
      {canNotify && (
        <Check
          label={t('notifications.desktop')}
          checked={desktopNotifications}
          onChange={event => void allow(event.target.checked)}
        />
      )}
      {canNotify && desktopNotifications && isReached !== null && (
        <p className="ps-6 text-meta text-ink-3">{t(isReached ? 'notifications.push.on' : 'notifications.push.off')}</p>
      )}
      <Check label={t('notifications.sound')} checked={sound} onChange={event => setPreference('sound', event.target.checked)} />
    </div>
  )
}
