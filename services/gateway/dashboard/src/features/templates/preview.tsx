import { useLingui } from '@lingui/react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { buttonClass, IconButton } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { CloseIcon, EditIcon, Icon } from '../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Phone } from '../../ui/templates/phone.tsx'
import { type Template, templateQuery } from './data.ts'
import { CategoryName, hasWhy, Quality, StateTag, Why } from './state.tsx'

/** The chosen template: on a phone, and what Meta says of it. `listed` is shown until its own answer is there. */
export function Preview({ id, listed, onClose }: { id: string; listed: Template | undefined; onClose(): void }) {
  const t = useText()
  const { data, error, refetch } = useQuery(templateQuery(id))
  const template = data ?? listed
  return (
    <section aria-label={t('templates.preview')} data-pane className="grid content-start gap-3 two:sticky two:top-5">
      <header className="flex items-start justify-between gap-2">
        <h2 className="min-w-0 font-mono wrap-anywhere">
          {template ? <bdi dir="ltr">{template.name}</bdi> : error ? t('templates.preview') : <Bone width="10rem" />}
        </h2>
        <IconButton icon={CloseIcon} label={t('ui.close')} small onClick={onClose} />
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('templates.one.failed')}
        </ErrorRow>
      )}
      {!template && !error && <Bone width="100%" height="12rem" />}
      {template && (
        <>
          <Phone template={template} />
          {hasWhy(template) && (
            <div className="grid gap-1 rounded-2 bg-time-soft px-3 py-2">
              <Why template={template} />
            </div>
          )}
          <TemplateFacts template={template} />
          <EditLink template={template} />
        </>
      )}
    </section>
  )
}

/** The way to the editor, for who may use it and while Meta takes a change. */
function EditLink({ template: { id, status, submission } }: { template: Template }) {
  const t = useText()
  const mayWrite = useMay('templates.write')
  const isOpen = submission === 'SUBMITTED' ? status !== 'PENDING' && status !== 'DISABLED' : submission !== 'UNKNOWN'
  if (!mayWrite || !isOpen) return null
  return (
    <Link to="/templates/$templateId/edit" params={{ templateId: id }} className={`${buttonClass({})} no-underline`}>
      <Icon of={EditIcon} />
      {t(status === 'APPROVED' ? 'templates.edit' : 'templates.editAgain')}
    </Link>
  )
}

function TemplateFacts({ template }: { template: Template }) {
  const t = useText()
  const { number, full } = useFormat()
  const { category, language, quality, usageCount, lastUsedAt } = template
  const facts = [
    [t('templates.filter.status'), <StateTag key="state" template={template} />],
    [t('templates.category'), <CategoryName key="category" category={category} />],
    [t('templates.language'), <LanguageName key="language" code={language} />],
    [t('templates.quality'), <Quality key="quality" quality={quality} />],
    [t('templates.uses'), number(usageCount)],
    [t('templates.lastUsed'), lastUsedAt ? full(lastUsedAt) : t('templates.neverUsed')],
  ] as const
  return <Facts facts={facts} />
}

/** WhatsApp's code as the name of the language, with the code where no name is known. */
export function LanguageName({ code }: { code: string }) {
  const { i18n } = useLingui()
  return <bdi title={code}>{nameOf(code, i18n.locale)}</bdi>
}

function nameOf(code: string, locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(code.replaceAll('_', '-')) ?? code
  } catch {
    return code
  }
}
