import { useQuery } from '@tanstack/react-query'
import clsx from 'clsx'
import { useState } from 'react'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useNumbers } from '../../../../lib/data/numbers.ts'
import { useDrafts } from '../../../../lib/drafts.ts'
import { useFormat } from '../../../../lib/i18n/format.ts'
import { Text, useText } from '../../../../lib/i18n/text.tsx'
import { partOf } from '../../../../lib/templates/sample-text.ts'
import { Button } from '../../../../ui/button.tsx'
import { Input } from '../../../../ui/field.tsx'
import { BackIcon, Icon, LockIcon, TemplatesIcon } from '../../../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../../../ui/states.tsx'
import { changeComposer } from '../state.ts'
import { fitting } from '../suggest/suggestion-list.tsx'
import { Amount } from './amount.tsx'
import { type Price, pricesQuery, type SendableTemplate, sendableQuery } from './sendable.ts'
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
  const { templates, error, refetch } = useTemplates(conversation.clientId)
  const { data: prices } = useQuery(pricesQuery(conversation.id))
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
          {t('composer.template.failed')}
        </ErrorRow>
      )}
      <div className="grid min-h-0 flex-1 border-t border-line @min-[38rem]:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <TemplateList
          templates={templates}
          prices={prices}
          chosenId={chosenId}
          onChoose={setChosenId}
          className={clsx(chosen && '@max-[38rem]:hidden')}
        />
        {chosen ? (
          <div className="flex min-h-0 min-w-0 flex-col border-line @min-[38rem]:border-s">
            <div className="border-b border-line p-1 @min-[38rem]:hidden">
              <Button kind="link" icon={BackIcon} turns onClick={() => setChosenId(null)}>
                {t('composer.template.all')}
              </Button>
            </div>
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
          </div>
        ) : (
          <div className="flex items-start justify-between gap-2 p-5 text-ink-2 @max-[38rem]:hidden">
            <p>{t('composer.template.choose')}</p>
          </div>
        )}
      </div>
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

/** Only templates of the account that the number belongs to can go out from it. */
function useTemplates(clientId: string) {
  const { data, error, refetch } = useQuery(sendableQuery)
  const wabaId = useNumbers()?.find(({ id }) => id === clientId)?.wabaId
  return { templates: data?.filter(template => !wabaId || template.wabaId === wabaId), error, refetch }
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

interface TemplateListProps {
  templates: SendableTemplate[] | undefined
  prices: Partial<Record<SendableTemplate['category'], Price>> | undefined
  chosenId: string | null
  onChoose(id: string): void
  className: string
}

function TemplateList({ templates, prices, chosenId, onChoose, className }: TemplateListProps) {
  const t = useText()
  const [words, setWords] = useState('')
  const found = words.trim() === '' ? templates : fitting(templates ?? [], words.trim(), wordsOf)
  const step = (event: React.KeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('input[type=search], [data-template]')]
    const at = rows.indexOf(document.activeElement as HTMLElement)
    if (by === undefined || at < 0) return
    event.preventDefault()
    rows[at + by]?.focus()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows go from the search through the buttons, which do the rest
    <div onKeyDown={step} className={clsx('flex min-h-0 flex-col', className)}>
      <div className="p-2">
        <Input
          type="search"
          value={words}
          aria-label={t('composer.template.search')}
          placeholder={t('composer.template.searchIn', { n: templates?.length ?? 0 })}
          onChange={event => setWords(event.target.value)}
        />
      </div>
      <ul aria-label={t('composer.template.list')} className="min-h-32 flex-1 overflow-auto">
        {templates === undefined && (
          <li className="p-3">
            <Bone width="100%" height="3rem" />
          </li>
        )}
        {templates?.length === 0 && <li className="px-4 py-3 text-ink-2">{t('composer.template.none')}</li>}
        {templates && templates.length > 0 && found?.length === 0 && (
          <li className="px-4 py-3 text-ink-2">{t('composer.template.noMatch')}</li>
        )}
        {found?.map(template => (
          <li key={template.id} className="border-t border-line first:border-t-0">
            <button
              type="button"
              data-template
              aria-pressed={template.id === chosenId}
              onClick={() => onChoose(template.id)}
              className="grid w-full grid-cols-[minmax(0,1fr)_auto] gap-x-3 px-4 py-1.5 text-start hover:bg-hover aria-pressed:bg-brand-soft"
            >
              <span className="flex min-w-0 items-baseline gap-2">
                <bdi dir="ltr" className="truncate font-mono text-ui text-ink">
                  {template.name}
                </bdi>
                <bdi dir="ltr" className="text-meta text-ink-3">
                  {template.language}
                </bdi>
              </span>
              <span className="figures text-ui">
                <Amount price={prices?.[template.category]} />
              </span>
              <bdi dir="auto" className="truncate text-ui text-ink-2">
                {bodyOf(template)}
              </bdi>
              <span className="text-meta text-ink-3">{t(`templates.category.${template.category}`)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

const bodyOf = ({ components }: SendableTemplate): string => String(partOf(components, 'BODY')?.text ?? '')
const wordsOf = (template: SendableTemplate) => `${template.name.replaceAll('_', ' ')} ${template.name} ${bodyOf(template)}`
