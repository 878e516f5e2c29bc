import { Link, useSearch } from '@tanstack/react-router'
import clsx from 'clsx'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { identifierOf, nameOf } from '../../../lib/data/contact-name.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { usePresence } from '../../../lib/realtime/live-store.ts'
import { NOTHING_OPEN } from '../../../lib/routes.ts'
import { useMay } from '../../../lib/session/rights.ts'
import { useUser } from '../../../lib/session/session-store.ts'
import { useShortcuts } from '../../../lib/shortcuts/shortcuts.ts'
import { ContactAvatar, PersonAvatar } from '../../../ui/avatar.tsx'
import { Button, buttonClass, IconButton } from '../../../ui/button.tsx'
import { ConnectionBadge } from '../../../ui/connection-badge.tsx'
import { BackIcon, CheckIcon, DownIcon, Icon, MoreIcon, ShowIcon, SnoozeIcon, UserIcon } from '../../../ui/icons.tsx'
import { Bone } from '../../../ui/states.tsx'
import { HOUR_MS, leftOf } from '../../../ui/window.ts'
import { openPicker } from '../pickers/picking.ts'
import { searchOfList } from '../search.ts'
import { useConversationActions } from '../use-conversation-actions.tsx'

/** Who it is, and at the end, above the margin, what is left of the window. */
export function ThreadHead({ conversation }: { conversation: ConversationView | undefined }) {
  const t = useText()
  const search = searchOfList(useSearch({ from: '/shell/inbox/{-$conversationId}' }))
  return (
    <header className="flex min-h-15 flex-wrap items-stretch border-b border-line">
      <div className="flex min-w-0 flex-1 items-center gap-2.5 ps-4 max-two:ps-1">
        <Link
          to="/inbox/{-$conversationId}"
          params={NOTHING_OPEN}
          search={search}
          aria-label={t('inbox.back')}
          className={clsx(buttonClass({ kind: 'quiet', iconOnly: true }), 'two:hidden')}
        >
          <Icon of={BackIcon} className="turns" />
        </Link>
        {conversation ? <Who conversation={conversation} /> : <Bone width="12rem" height="1rem" />}
      </div>
      {conversation && <HeadActions conversation={conversation} />}
      {conversation && <WindowLeft windowExpiresAt={conversation.windowExpiresAt} />}
      {/* On phones the rail with its badge is away while a conversation is open. */}
      <div className="grid basis-full justify-items-center bg-sunk py-1 empty:hidden two:hidden">
        <ConnectionBadge inline ifAway />
      </div>
    </header>
  )
}

function Who({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const { text: name, isLtr } = nameOf(conversation)
  const identifier = identifierOf(conversation.contact)
  const number = useNumbers()?.find(({ id }) => id === conversation.clientId)
  return (
    <>
      <ContactAvatar name={isLtr && !name?.startsWith('@') ? null : name} windowExpiresAt={conversation.windowExpiresAt} />
      <div className="min-w-0">
        <h2 className="truncate">
          <bdi dir={isLtr ? 'ltr' : undefined}>{name ?? t('inbox.nameless')}</bdi>
        </h2>
        <p className="truncate text-meta text-ink-3">
          {identifier.text && identifier.text !== name && (
            <bdi dir="ltr" className="figures">
              {identifier.text}
            </bdi>
          )}
          {identifier.text && identifier.text !== name && number && ' · '}
          {number && <bdi>{nameOfNumber(number)}</bdi>}
        </p>
      </div>
    </>
  )
}

/** Take, give, close: what an agent does with a whole conversation. Where there is no room, all of it is behind one button. */
function HeadActions({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const actions = useConversationActions()
  const mayAssign = useMay('conversations.assign')
  const mayTake = useMay('conversations.take') && conversation.assignedTo === null
  const { id: userId } = useUser()
  const isMine = conversation.assignedTo?.id === userId
  const isClosed = conversation.status === 'closed'
  const conversations = [conversation]
  useShortcuts({
    assign: () => (mayAssign ? openPicker({ kind: 'assign', conversations }) : false),
    assignMe: () => (mayTake || (mayAssign && !isMine) ? actions.take(conversation) : false),
    labels: () => openPicker({ kind: 'labels', conversations }),
    snooze: () => (isClosed ? false : openPicker({ kind: 'snooze', conversations })),
    close: () => (isClosed ? false : actions.close(conversation)),
    closeAndNext: () => (isClosed ? false : actions.closeAndNext(conversation)),
  })
  return (
    <div className="flex shrink-0 items-center gap-2 pe-2">
      <Viewers conversationId={conversation.id} />
      <div className="flex items-center gap-2 max-two:hidden">
        <Assignee conversation={conversation} canTake={mayTake} />
        {conversation.snoozedUntil !== null && <Asleep conversation={conversation} />}
        {isClosed ? (
          <Button onClick={() => actions.reopen(conversation)}>{t('inbox.action.reopen')}</Button>
        ) : (
          <Button icon={CheckIcon} shortcut="E" onClick={() => actions.close(conversation)}>
            {t('inbox.action.close')}
          </Button>
        )}
      </div>
      <IconButton icon={MoreIcon} label={t('inbox.more')} onClick={() => openPicker({ kind: 'more', conversations })} />
    </div>
  )
}

/** Whose it is. Who may give it to others does so here; others take it while it is nobody's. */
function Assignee({ conversation, canTake }: { conversation: ConversationView; canTake: boolean }) {
  const t = useText()
  const actions = useConversationActions()
  const mayAssign = useMay('conversations.assign')
  const { assignedTo } = conversation
  const assign = () => openPicker({ kind: 'assign', conversations: [conversation] })
  return (
    <>
      {canTake && (
        <Button icon={UserIcon} shortcut="M" onClick={() => actions.take(conversation)}>
          {t('inbox.action.take')}
        </Button>
      )}
      {!assignedTo && mayAssign && (
        <span className="max-three:hidden">
          <Button kind="quiet" shortcut="A" onClick={assign}>
            {t('inbox.assign.title')}
          </Button>
        </span>
      )}
      {assignedTo && mayAssign && (
        <Button kind="quiet" aria-label={t('inbox.assign.change', { name: assignedTo.name ?? '' })} onClick={assign}>
          <span className="flex max-w-40 items-center gap-1.5 max-three:max-w-28">
            <bdi className="truncate">{assignedTo.name}</bdi>
            <Icon of={DownIcon} size={16} />
          </span>
        </Button>
      )}
      {assignedTo && !mayAssign && <bdi className="max-w-36 truncate text-ink-2">{assignedTo.name}</bdi>}
    </>
  )
}

/** Until when the conversation is out of sight. */
function Asleep({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const { shortDateTime, listTime } = useFormat()
  const now = useMinute()
  const actions = useConversationActions()
  const until = conversation.snoozedUntil ?? ''
  return (
    <Button
      kind="quiet"
      icon={SnoozeIcon}
      title={shortDateTime(until)}
      aria-label={t('inbox.snooze.asleep', { at: shortDateTime(until) })}
      onClick={() => actions.snooze([conversation], null)}
    >
      <span className="figures">{listTime(until, new Date(now))}</span>
    </Button>
  )
}

/** Colleagues who look at the conversation too. */
function Viewers({ conversationId }: { conversationId: string }) {
  const t = useText()
  const { list } = useFormat()
  const { id: userId } = useUser()
  const viewers = usePresence(({ viewers }) => viewers[conversationId])?.filter(({ id }) => id !== userId) ?? []
  if (viewers.length === 0) return null
  const label = t('inbox.viewers', { names: list(viewers.map(({ name }) => name)) })
  return (
    <span role="img" aria-label={label} title={label} className="flex items-center gap-1 text-ink-3">
      {viewers.slice(0, 3).map(({ id, name }) => (
        <PersonAvatar key={id} name={name} />
      ))}
      <Icon of={ShowIcon} size={16} />
    </span>
  )
}

function WindowLeft({ windowExpiresAt }: { windowExpiresAt: string | null }) {
  const t = useText()
  const { left, full } = useFormat()
  const ms = leftOf(windowExpiresAt, useMinute())
  return (
    <div
      role="timer"
      title={windowExpiresAt ? full(windowExpiresAt) : undefined}
      className={clsx(
        'margin-column grid shrink-0 content-center ps-3 text-meta max-two:ps-1',
        ms === 0 ? 'text-ink-3' : ms < HOUR_MS ? 'text-time' : 'text-brand',
      )}
    >
      <b className="figures text-head leading-tight font-medium max-two:text-ui">{ms === 0 ? '–' : left(ms)}</b>
      <span className="truncate text-ink-3">{t(ms === 0 ? 'inbox.window.closed' : 'inbox.window.left')}</span>
    </div>
  )
}
