import clsx from 'clsx'
import { type KeyboardEvent, useState } from 'react'
import { fitting } from '../../lib/fitting.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { partOf } from '../../lib/templates/sample-text.ts'
import type { Price, SendableTemplate } from '../../lib/templates/sendable.ts'
import { Input } from '../field.tsx'
import { Bone } from '../states.tsx'
import { Amount } from './amount.tsx'

interface TemplateListProps {
  /** Undefined while they are not known. */
  templates: readonly SendableTemplate[] | undefined
  prices: Partial<Record<SendableTemplate['category'], Price>> | undefined
  chosenId: string | null
  onChoose(id: string): void
  className: string
}

/** Templates with what they say and cost; typed words filter, and arrows go from the search through the rows. */
export function TemplateList({ templates, prices, chosenId, onChoose, className }: TemplateListProps) {
  const t = useText()
  const [words, setWords] = useState('')
  const found = words.trim() === '' ? templates : fitting(templates ?? [], words.trim(), wordsOf)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows go from the search through the buttons, which do the rest
    <div onKeyDown={step} className={clsx('flex min-h-0 flex-col', className)}>
      <div className="p-2">
        <Input
          type="search"
          value={words}
          aria-label={t('templates.pick.search')}
          placeholder={t('templates.pick.searchIn', { n: templates?.length ?? 0 })}
          // Enter sends no form that the list stands in.
          onKeyDown={event => event.key === 'Enter' && event.preventDefault()}
          onChange={event => setWords(event.target.value)}
        />
      </div>
      <ul aria-label={t('templates.pick.list')} className="min-h-32 flex-1 overflow-auto">
        {templates === undefined && (
          <li className="p-3">
            <Bone width="100%" height="3rem" />
          </li>
        )}
        {templates?.length === 0 && <li className="px-4 py-3 text-ink-2">{t('templates.pick.none')}</li>}
        {templates && templates.length > 0 && found?.length === 0 && (
          <li className="px-4 py-3 text-ink-2">{t('templates.pick.noMatch')}</li>
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

function step(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('input[type=search], [data-template]')]
  const at = rows.indexOf(document.activeElement as HTMLElement)
  if (by === undefined || at < 0) return
  event.preventDefault()
  rows[at + by]?.focus()
}

const bodyOf = ({ components }: SendableTemplate): string => String(partOf(components, 'BODY')?.text ?? '')
const wordsOf = (template: SendableTemplate) => `${template.name.replaceAll('_', ' ')} ${template.name} ${bodyOf(template)}`
