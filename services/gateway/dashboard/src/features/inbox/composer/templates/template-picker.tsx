import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useDrafts } from '../../../../lib/drafts.ts'
import { useFormat } from '../../../../lib/i18n/format.ts'
import { Text, useText } from '../../../../lib/i18n/text.tsx'
import { pricesQuery } from '../../../../lib/templates/sendable.ts'
import { useSendable } from '../../../../lib/templates/use-sendable.ts'
import { Button } from '../../../../ui/button.tsx'
import { Icon, LockIcon, TemplatesIcon } from '../../../../ui/icons.tsx'
import { ErrorRow } from '../../../../ui/states.tsx'
import { TemplateChooser } from '../../../../ui/templates/template-chooser.tsx'
import { changeComposer } from '../state.ts'
import { TemplateForm } from './template-form.tsx'

interface TemplatePickerProps {
  conversation: ConversationView
  isWindowOpen: boolean
  /** Takes the filled template; missing: it is sent. */
  onUse?(template: TemplateToSend, name: string): void
  onCancel?(): void
}

/** In place of the text field: which template, its values, how it looks, what it costs. */
export default function TemplatePicker({ conversation, isWindowOpen, onUse, onCancel }: TemplatePickerProps) {
  const t = useText()
  const { templates, error, refetch } = useSendable(conversation.clientId)
  const { data: prices } = useQuery(pricesQuery({ conversationId: conversation.id }))
  const [chosenId, setChosenId] = useState<string | null>(null)
  const [isSent, setSent] = useState(false)
  const chosen = templates?.find(({ id }) => id === chosenId)
  const leave = onCancel ?? (isWindowOpen ? () => changeComposer(conversation.id, { mode: 'reply' }) : undefined)
  if (isSent && !isWindowOpen)
    return (
      <div className="flex flex-wrap items-center gap-3 px-5 py-3">
        <Closed conversation={conversation} />
        <Button icon={TemplatesIcon} onClick={() => setSent(false)}>
          {t('composer.template.another')}
        </Button>
      </div>
    )
  return (
    <section aria-label={t('composer.template')} className="@container flex max-h-[min(60dvh,30rem)] flex-col">
      {!isWindowOpen && (
        <div className="px-5 pb-2 max-two:px-4">
          <Closed conversation={conversation} />
        </div>
      )}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('templates.pick.failed')}
        </ErrorRow>
      )}
      <TemplateChooser
        templates={templates}
        prices={prices}
        chosen={chosen}
        onChoose={setChosenId}
        className="min-h-0 flex-1 border-t border-line"
      >
        {chosen && (
          <TemplateForm
            key={chosen.id}
            conversation={conversation}
            template={chosen}
            price={prices?.[chosen.category]}
            {...(onUse && { onUse })}
            onSent={() => {
              setChosenId(null)
              setSent(true)
              if (isWindowOpen) leave?.()
            }}
            {...(leave && { onCancel: leave })}
          />
        )}
      </TemplateChooser>
      {!chosen && leave && (
        <div className="flex justify-end border-t border-line px-3 py-2">
          <Button kind="quiet" onClick={leave}>
            {t('ui.cancel')}
          </Button>
        </div>
      )}
    </section>
  )
}

/** Why there is no text field. */
function Closed({ conversation: { id, windowExpiresAt } }: { conversation: ConversationView }) {
  const t = useText()
  const { full } = useFormat()
  const hasDraft = useDrafts(({ drafts }) => drafts[id] !== undefined)
  return (
    <div className="flex min-w-0 flex-1 items-start gap-2.5 rounded-2 bg-sunk px-3 py-2">
      <Icon of={LockIcon} className="mt-0.5 text-ink-3" />
      <div className="min-w-0">
        <h2>{t('composer.closed')}</h2>
        <p className="text-ui text-ink-2">
          {windowExpiresAt ? (
            <Text id="composer.closed.since" values={{ at: full(windowExpiresAt) }} />
          ) : (
            t('composer.closed.never')
          )}{' '}
          {hasDraft && t('composer.closed.draft')}
        </p>
      </div>
    </div>
  )
}
