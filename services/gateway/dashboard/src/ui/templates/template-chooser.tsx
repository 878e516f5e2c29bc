import clsx from 'clsx'
import type { ReactNode } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import type { Price, SendableTemplate } from '../../lib/templates/sendable.ts'
import { Button } from '../button.tsx'
import { BackIcon } from '../icons.tsx'
import { TemplateList } from './template-list.tsx'

interface TemplateChooserProps {
  /** Undefined while they are not known. */
  templates: readonly SendableTemplate[] | undefined
  prices: Partial<Record<SendableTemplate['category'], Price>> | undefined
  chosen: SendableTemplate | undefined
  /** Null: back to all. */
  onChoose(id: string | null): void
  className: string
  /** The form of the chosen one. */
  children: ReactNode
}

/** The list of templates, and beside it the chosen one; where it is narrow, the chosen one takes the list's place. */
export function TemplateChooser({ templates, prices, chosen, onChoose, className, children }: TemplateChooserProps) {
  const t = useText()
  return (
    <div className={clsx('grid @min-[38rem]:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]', className)}>
      <TemplateList
        templates={templates}
        prices={prices}
        chosenId={chosen?.id ?? null}
        onChoose={onChoose}
        className={clsx(chosen && '@max-[38rem]:hidden')}
      />
      {chosen ? (
        <div className="flex min-h-0 min-w-0 flex-col border-line @min-[38rem]:border-s">
          <div className="border-b border-line p-1 @min-[38rem]:hidden">
            <Button kind="link" icon={BackIcon} turns onClick={() => onChoose(null)}>
              {t('templates.pick.all')}
            </Button>
          </div>
          {children}
        </div>
      ) : (
        <p className="p-5 text-ink-2 @max-[38rem]:hidden">{t('templates.pick.choose')}</p>
      )}
    </div>
  )
}
