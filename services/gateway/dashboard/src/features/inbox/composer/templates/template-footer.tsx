import clsx from 'clsx'
import { useText } from '../../../../lib/i18n/text.tsx'
import type { Category, Price } from '../../../../lib/templates/sendable.ts'
import { Button, IconButton } from '../../../../ui/button.tsx'
import { CostIcon, DownIcon, Icon, SendIcon } from '../../../../ui/icons.tsx'
import { Amount } from '../../../../ui/templates/amount.tsx'

interface TemplateFooterProps {
  formId: string
  category: Category
  price: Price | undefined
  /** It is taken, not sent. */
  isForUse: boolean
  isLater: boolean
  onLater(): void
  onCancel?(): void
}

/** What it costs, and the button that sends it. */
export function TemplateFooter({ formId, category, price, isForUse, isLater, onLater, onCancel }: TemplateFooterProps) {
  const t = useText()
  return (
    <footer className="flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line px-4 py-2 max-two:px-3">
      {/* What a template costs in a closed window is known only when one is closed. */}
      <p className={clsx('flex items-center gap-2 whitespace-nowrap', isForUse && 'hidden')}>
        <Icon of={CostIcon} className="text-ink-3" />
        <b className="figures weight-name text-head">
          <Amount price={price} />
        </b>
        <span className="text-meta text-ink-3">{t(`templates.category.${category}`)}</span>
      </p>
      <div className="ms-auto flex items-center gap-2">
        {onCancel && (
          <Button kind="quiet" onClick={onCancel}>
            {t('ui.cancel')}
          </Button>
        )}
        {isForUse ? (
          <Button type="submit" form={formId} kind="primary">
            {t('composer.template.use')}
          </Button>
        ) : (
          <span className="flex gap-px">
            <Button type="submit" form={formId} kind="primary" icon={SendIcon} turns>
              {t('templates.pick.send')}
            </Button>
            <IconButton kind="primary" icon={DownIcon} label={t('composer.later')} aria-expanded={isLater} onClick={onLater} />
          </span>
        )}
      </div>
    </footer>
  )
}
