import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { MessageErrorView, MessageView } from '#shared/contracts/views.ts'
import { Problem, request } from '../../../lib/api/client.ts'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { putSent } from '../../../lib/data/patches.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { sayFailure } from '../../../lib/server/say.ts'
import { Button } from '../../../ui/button.tsx'
import { showToast } from '../../../ui/toasts.tsx'

/** Under a message that was not delivered: why, what to do, and another try. */
export function Failure({ message, error }: { message: MessageView; error: MessageErrorView }) {
  const t = useText()
  const [mayBeTwice, setMayBeTwice] = useState(false)
  const key = useRepeatKey()
  const queries = useQueryClient()
  const again = useMutation({
    mutationFn: (acceptDuplicate: boolean) =>
      request<MessageView>('POST', `/messages/by-id/${message.id}/retry`, {
        body: { acceptDuplicate },
        idempotencyKey: key.current(),
      }),
    onSuccess: sent => putSent(queries, sent),
    onError: failure => {
      key.onError(failure)
      if (failure instanceof Problem && failure.errorCode === 'OUTCOME_UNKNOWN') setMayBeTwice(true)
      else
        showToast({
          kind: 'fail',
          text: <Text id="message.retry.failed" values={{ why: failure instanceof Problem ? failure.detail : '' }} />,
        })
    },
  })
  const said = sayFailure(error)
  const details = [message.id, message.externalMessageId, error.code, error.title, error.detail].filter(Boolean).join('\n')
  return (
    <div className="grid justify-items-end gap-1 py-1 text-ui">
      <p className="max-w-[min(var(--text-max),100%)] text-fail">
        <b className="weight-name">{t('message.failed')}</b> <bdi>{said.sentence}</bdi>{' '}
        <bdi className="text-ink-2">{said.nextStep}</bdi>{' '}
        {error.code !== null && <span className="figures text-ink-3">({error.code})</span>}
      </p>
      {mayBeTwice && <p className="max-w-[min(var(--text-max),100%)] text-time">{t('message.retry.twice')}</p>}
      <div className="flex gap-2">
        {!message.emptiedAt && (
          <Button small busy={again.isPending} onClick={() => again.mutate(mayBeTwice)}>
            {t(mayBeTwice ? 'message.retry.anyway' : 'ui.tryAgain')}
          </Button>
        )}
        <Button
          kind="quiet"
          small
          onClick={() =>
            void navigator.clipboard?.writeText(details).then(
              () => showToast({ text: t('message.copied') }),
              () => undefined,
            )
          }
        >
          {t('message.copy')}
        </Button>
      </div>
    </div>
  )
}

interface WaitingProps {
  message: Pick<MessageView, 'id' | 'sendAt'>
  waiting: NonNullable<MessageView['waiting']>
}

/** Under a message that waits: for what, and until when if that is known. One that waits for its time can be sent now, or cancelled. */
export function Waiting({ message, waiting: { reason, until } }: WaitingProps) {
  const { seconds, full } = useFormat()
  const isLong = reason === 'scheduled' || reason === 'restricted'
  return (
    <div className="grid justify-items-end">
      <p className="py-1 text-ui text-time">
        <Text id={`message.waiting.${reason}`} />
        {until && (
          <span className="figures">
            {' '}
            <Text id="message.waiting.until" values={{ at: isLong ? full(until) : seconds(until) }} />
          </span>
        )}
      </p>
      {reason === 'scheduled' && message.sendAt && <Scheduled id={message.id} />}
    </div>
  )
}

function Scheduled({ id }: { id: string }) {
  const t = useText()
  const queries = useQueryClient()
  const path = `/messages/scheduled/${id}`
  const change = useMutation({
    mutationFn: (what: 'now' | 'cancel') =>
      what === 'cancel'
        ? request<MessageView>('DELETE', path)
        : request<MessageView>('PATCH', path, { body: { sendAt: new Date().toISOString() } }),
    onSuccess: (message, what) => {
      putSent(queries, message)
      if (what === 'cancel') showToast({ text: t('message.scheduled.cancelled') })
    },
    onError: error =>
      showToast({
        kind: 'fail',
        text: <Text id="message.scheduled.failed" values={{ why: error instanceof Problem ? error.detail : '' }} />,
      }),
  })
  return (
    <div className="flex gap-2">
      <Button kind="link" small busy={change.isPending} onClick={() => change.mutate('cancel')}>
        {t('message.scheduled.cancel')}
      </Button>
      <Button kind="link" small busy={change.isPending} onClick={() => change.mutate('now')}>
        {t('message.scheduled.now')}
      </Button>
    </div>
  )
}

/** Who wrote a message, when that is not plain: a member of a group, a colleague, a program, a campaign, another app. */
export function Author({ message }: { message: Pick<MessageView, 'sentBy' | 'origin' | 'author' | 'direction' | 'ofOtherApp'> }) {
  const { sentBy, origin, author, direction, ofOtherApp } = message
  if (direction === 'INBOUND') {
    const name = author && (author.name ?? author.username ?? author.waId ?? author.userId)
    if (!name && !ofOtherApp) return null
    return (
      <p className="text-meta text-ink-3">
        {name && <bdi>{name}</bdi>} {ofOtherApp && <Text id="message.toOtherApp" />}
      </p>
    )
  }
  const kind = origin === 'phone' || origin === 'automatic' || origin === 'app' ? origin : (sentBy?.kind ?? null)
  if (kind === null) return null
  return (
    <p className="text-meta text-ink-3">
      {kind === 'user' ? <bdi>{sentBy?.name}</bdi> : <Text id={`message.by.${kind}`} values={{ name: sentBy?.name ?? '' }} />}
    </p>
  )
}

/** Emojis that people put on a message, each once, with their number. */
export function Reactions({ reactions }: Pick<MessageView, 'reactions'>) {
  const { number } = useFormat()
  if (reactions.length === 0) return null
  const counts = Map.groupBy(reactions, ({ emoji }) => emoji)
  return (
    <ul className="-mt-1 flex gap-1 px-1">
      {[...counts].map(([emoji, those]) => (
        <li key={emoji} className="rounded-full border border-line bg-raised px-1.5 text-ui">
          {emoji}
          {those.length > 1 && <span className="figures ms-1 text-meta">{number(those.length)}</span>}
        </li>
      ))}
    </ul>
  )
}
