import { Link, useSearch } from '@tanstack/react-router'
import clsx from 'clsx'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { identifierOf, nameOf } from '../../../lib/data/contact-name.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { useUser } from '../../../lib/session/session-store.ts'
import { useShortcuts } from '../../../lib/shortcuts/shortcuts.ts'
import { ContactAvatar } from '../../../ui/avatar.tsx'
import { Button, buttonClass } from '../../../ui/button.tsx'
import { BackIcon, CheckIcon, Icon, UserIcon } from '../../../ui/icons.tsx'
import { Bone } from '../../../ui/states.tsx'
import { HOUR_MS, leftOf } from '../../../ui/window.ts'
import { useConversationActions } from '../use-conversation-actions.tsx'

/** Who it is, and at the end, above the margin, what is left of the window. */
export function ThreadHead({ conversation }: { conversation: ConversationView | undefined }) {
  const t = useText()
  const search = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  return (
    <header className="flex min-h-15 items-stretch border-b border-line">
      <div className="flex min-w-0 flex-1 items-center gap-2.5 ps-4 max-two:ps-1">
        <Link
          to="/inbox/{-$conversationId}"
          params={{}}
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

/** Take it, close it: the two things that an agent does with a whole conversation. */
function HeadActions({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const actions = useConversationActions()
  const mayTake = useMay('conversations.take') && conversation.assignedTo === null
  const { id: userId } = useUser()
  const isMine = conversation.assignedTo?.id === userId
  const isClosed = conversation.status === 'closed'
  useShortcuts({
    assignMe: () => (mayTake ? actions.take(conversation) : false),
    close: () => (isClosed ? false : actions.close(conversation)),
    closeAndNext: () => (isClosed ? false : actions.closeAndNext(conversation)),
  })
  return (
    <div className="flex shrink-0 items-center gap-2 pe-3 max-two:hidden">
      {mayTake && (
        <Button icon={UserIcon} shortcut="M" onClick={() => actions.take(conversation)}>
          {t('inbox.action.take')}
        </Button>
      )}
      {conversation.assignedTo && !isMine && <bdi className="max-w-36 truncate text-ink-2">{conversation.assignedTo.name}</bdi>}
      {isClosed ? (
        <Button onClick={() => actions.reopen(conversation)}>{t('inbox.action.reopen')}</Button>
      ) : (
        <Button icon={CheckIcon} shortcut="E" onClick={() => actions.close(conversation)}>
          {t('inbox.action.close')}
        </Button>
      )}
    </div>
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
