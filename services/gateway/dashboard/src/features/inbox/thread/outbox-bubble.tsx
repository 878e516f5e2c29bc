import { setDraft } from '../../../lib/drafts.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { cancelEntry, type OutboxEntry, retryEntry } from '../../../lib/outbox/outbox.ts'
import { Button } from '../../../ui/button.tsx'
import { Tick } from '../../../ui/tick.tsx'

/** A message that the server has not accepted yet. */
export function OutboxBubble({ entry }: { entry: OutboxEntry }) {
  const t = useText()
  const { time } = useFormat()
  const { state, preview, problem } = entry
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_var(--margin)]" data-outbox={entry.key}>
      <div className="flex min-w-0 flex-col items-end ps-8 pe-3">
        <div
          dir="auto"
          className={`max-w-[min(var(--text-max),100%)] rounded-3 border border-brand-line px-3 py-1.5 wrap-anywhere whitespace-pre-wrap ${state === 'refused' ? 'outline-2 outline-fail' : ''}`}
        >
          {preview.text}
        </div>
        {state === 'waiting' && (
          <p className="flex items-center gap-2 py-1 text-ui text-time">
            <Text id="inbox.outbox.waiting" />
            <Button kind="link" small onClick={() => cancelEntry(entry.key)}>
              {t('ui.cancel')}
            </Button>
          </p>
        )}
        {state === 'refused' && (
          <div className="grid justify-items-end gap-1 py-1 text-ui">
            <p className="text-fail">
              <b className="weight-name">
                <Text id="inbox.outbox.refused" />
              </b>{' '}
              <bdi>{problem?.detail}</bdi>
            </p>
            <div className="flex gap-2">
              <Button small onClick={() => retryEntry(entry.key)}>
                {t('ui.tryAgain')}
              </Button>
              <Button
                kind="quiet"
                small
                onClick={() => {
                  if (preview.text) setDraft(entry.conversationId, preview.text)
                  cancelEntry(entry.key)
                }}
              >
                {t('inbox.outbox.edit')}
              </Button>
            </div>
          </div>
        )}
      </div>
      <div className="flex items-start gap-1.5 ps-3 pt-2 text-meta text-ink-3">
        <span className="figures">{time(entry.createdAt)}</span>
        <Tick state={state === 'refused' ? 'failed' : 'sending'} />
      </div>
    </li>
  )
}
