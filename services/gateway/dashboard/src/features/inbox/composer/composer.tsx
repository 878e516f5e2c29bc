import clsx from 'clsx'
import { type ReactNode, Suspense } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { usePresence } from '../../../lib/realtime/live-store.ts'
import { useShortcuts } from '../../../lib/shortcuts/shortcuts.ts'
import { ClockIcon, EditIcon, Icon } from '../../../ui/icons.tsx'
import { Bone } from '../../../ui/states.tsx'
import { leftOf } from '../../../ui/window.ts'
import { NoteForm } from './note-form.tsx'
import { TemplatePicker } from './parts.ts'
import { ReplyForm } from './reply-form.tsx'
import { changeComposer, type Mode, useComposer } from './state.ts'

const ThreadOwner = lazyPart(() => import('../routing/thread-owner.tsx'), 'features/inbox/routing')

/** When it is time to ask something, so that the customer opens the window again. */
const SOON_MS = 30 * 60_000

/** What can be sent now: anything while the window is open, otherwise a template in its place. A note always. */
export function Composer({ conversation }: { conversation: ConversationView }) {
  const { id, readOnly } = conversation
  const t = useText()
  const left = leftOf(conversation.windowExpiresAt, useMinute())
  const isOpen = left > 0
  const { mode: chosen } = useComposer(id)
  const first: Mode = readOnly ? 'note' : isOpen ? 'reply' : 'template'
  const mode = chosen === 'note' || (chosen === 'template' && !readOnly) ? chosen : first
  useComposerKeys(id, isOpen && !readOnly)
  return (
    <section data-composer aria-label={t('inbox.composer.region')} className="relative border-t border-line bg-raised">
      <Writers conversationId={id} />
      {isOpen && left < SOON_MS && !readOnly && <Soon ms={left} />}
      {readOnly && (
        <p className="px-5 pt-3 text-ink-2">
          <Text id="inbox.composer.group" />
        </p>
      )}
      {conversation.threadOwner && (
        <Suspense fallback={null}>
          <ThreadOwner conversation={conversation} />
        </Suspense>
      )}
      <div className="flex items-center gap-1 ps-3 pe-5 pt-1.5">
        <Tabs conversationId={id} tabs={first === 'note' ? ['note'] : [first, 'note']} mode={mode === 'note' ? 'note' : first} />
        <From conversation={conversation} />
      </div>
      <Suspense fallback={<Waiting />}>
        {mode === 'note' && <NoteForm conversationId={id} />}
        {mode === 'reply' && <ReplyForm conversation={conversation} />}
        {mode === 'template' && <TemplatePicker conversation={conversation} isWindowOpen={isOpen} />}
      </Suspense>
    </section>
  )
}

function Soon({ ms }: { ms: number }) {
  const { left } = useFormat()
  return (
    <p className="flex items-center gap-2 bg-time-soft px-5 py-1 text-ui text-time">
      <Icon of={ClockIcon} size={16} />
      <Text id="inbox.composer.soon" values={{ left: left(ms) }} />
    </p>
  )
}

const Waiting = () => (
  <div className="p-5">
    <Bone width="100%" height="6rem" />
  </div>
)

function Tabs({ conversationId, tabs, mode }: { conversationId: string; tabs: Mode[]; mode: Mode }) {
  const t = useText()
  return (
    <div role="tablist" aria-label={t('inbox.composer.modes')} className="flex gap-1">
      {tabs.map(tab => (
        <button
          key={tab}
          type="button"
          role="tab"
          aria-selected={tab === mode}
          tabIndex={tab === mode ? 0 : -1}
          onClick={() => changeComposer(conversationId, { mode: tab })}
          onKeyDown={event => {
            if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return
            const other = tabs.find(one => one !== tab)
            if (other) changeComposer(conversationId, { mode: other })
          }}
          className={clsx(
            'min-h-8 border-b-2 px-2 text-ui pointer-coarse:min-h-11',
            tab === mode ? 'weight-name border-brand text-brand' : 'border-transparent text-ink-2',
          )}
        >
          {t(`inbox.composer.tab.${tab}`)}
        </button>
      ))}
    </div>
  )
}

/** The number that it goes out from. */
function From({ conversation: { clientId } }: { conversation: ConversationView }): ReactNode {
  const numbers = useNumbers()
  const number = numbers?.find(({ id }) => id === clientId)
  if (number === undefined) return null
  return (
    <span className="ms-auto truncate text-meta text-ink-3 max-two:hidden">
      <Text id="inbox.composer.from" values={{ number: nameOfNumber(number) }} />
    </span>
  )
}

/** Colleagues who write here, too. */
function Writers({ conversationId }: { conversationId: string }) {
  const writers = usePresence(state => state.writers[conversationId])
  const names = writers?.map(({ user }) => user.name).join(', ')
  if (!names) return null
  return (
    <p role="status" className="flex items-center gap-2 border-b border-line px-5 py-1 text-ui text-ink-2">
      <Icon of={EditIcon} size={16} />
      <Text id="inbox.composer.writing" values={{ name: names }} />
    </p>
  )
}

function useComposerKeys(conversationId: string, isOpen: boolean): void {
  useShortcuts({
    note: () => focusIn(conversationId, 'note'),
    reply: () => focusIn(conversationId, isOpen ? 'reply' : 'template'),
    template: () => changeComposer(conversationId, { mode: 'template' }),
  })
}

/** Its field takes the focus when it is mounted; one that is there already is given it. */
function focusIn(conversationId: string, mode: Mode): void {
  changeComposer(conversationId, { mode })
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-composer] :is(textarea, input[type=search])')?.focus())
}
