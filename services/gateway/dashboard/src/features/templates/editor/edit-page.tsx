import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { request } from '../../../lib/api/client.ts'
import { useMinute } from '../../../lib/clock.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Facts } from '../../../ui/facts.tsx'
import { ClockIcon, Icon } from '../../../ui/icons.tsx'
import { NoRight } from '../../../ui/no-right.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { Phone } from '../../../ui/templates/phone.tsx'
import { type Template, templateQuery } from '../data.ts'
import { LanguageName } from '../preview.tsx'
import { CategoryName, hasWhy, StateTag, Why } from '../state.tsx'
import { CategoryField } from './about.tsx'
import { componentsOf, type Draft } from './draft.ts'
import { EditorForm } from './editor-form.tsx'
import { EditorHead } from './editor-head.tsx'
import { changesOf, draftOf } from './from-template.ts'
import { type Fixed, faultsOf } from './problems.ts'

/** A template that Meta has refused, paused or approved: why, and its form, from which it is submitted again. */
export default function EditTemplatePage() {
  const t = useText()
  const { templateId } = useParams({ from: '/shell/templates/$templateId/edit' })
  const mayWrite = useMay('templates.write')
  const { data, error, refetch } = useQuery({ ...templateQuery(templateId), enabled: mayWrite })
  useEffect(() => {
    document.title = `${t('editor.edit.document')} · Linko`
  })
  if (!mayWrite) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] gap-5 p-5 max-two:p-3">
      <EditorHead open={templateId}>
        {data ? (
          <Text
            id="editor.edit.title"
            values={{
              name: (
                <bdi dir="ltr" className="font-mono">
                  {data.name}
                </bdi>
              ),
            }}
          />
        ) : (
          t('editor.edit.document')
        )}
      </EditorHead>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('editor.edit.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="24rem" />}
      {/* What is typed survives what Meta decides meanwhile, but not another template. */}
      {data && <Loaded key={data.id} template={data} />}
    </div>
  )
}

function Loaded({ template }: { template: Template }) {
  const t = useText()
  const { full } = useFormat()
  const now = useMinute()
  const [draft] = useState(() => draftOf(template))
  const { status, submission, nextEditAt } = template
  if (submission === 'UNKNOWN') return <NotNow template={template}>{t('editor.edit.not.UNKNOWN')}</NotNow>
  if (submission === 'SUBMITTED' && (status === 'PENDING' || status === 'DISABLED'))
    return <NotNow template={template}>{t(`editor.edit.not.${status}`)}</NotNow>
  if (draft === null) return <NotNow template={template}>{t('editor.edit.not.parts')}</NotNow>
  if (nextEditAt !== null && Date.parse(nextEditAt) > now)
    return (
      <NotNow template={template}>
        <Text id="editor.edit.limit" values={{ at: full(nextEditAt) }} />
      </NotNow>
    )
  return <EditForm template={template} before={draft} />
}

/** Why it cannot be changed now, and how it is. */
function NotNow({ template, children }: { template: Template; children: ReactNode }) {
  return (
    <div className="grid items-start gap-x-8 gap-y-5 two:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="grid gap-4">
        <p className="flex gap-2 rounded-2 bg-time-soft px-3 py-2">
          <Icon of={ClockIcon} className="mt-0.5 text-time" />
          <span>{children}</span>
        </p>
        <Said template={template} />
      </div>
      <Phone template={template} />
    </div>
  )
}

function EditForm({ template, before }: { template: Template; before: Draft }) {
  const t = useText()
  const [draft, setDraft] = useState(before)
  const isAtMeta = template.submission === 'SUBMITTED'
  const isApproved = isAtMeta && template.status === 'APPROVED'
  const changes = changesOf(before, draft)
  const isChanged = Object.keys(changes).length > 0
  const fixed: Fixed = {
    parameterFormat: template.parameterFormat,
    hasSameContent: isAtMeta && JSON.stringify(componentsOf(before)) === JSON.stringify(componentsOf(draft)),
  }
  // What Meta does not have is submitted as it is, too.
  const body = isAtMeta ? changes : { ...changes, submit: true }
  return (
    <EditorForm
      draft={draft}
      faults={faultsOf(draft, fixed)}
      isDirty={isChanged}
      canSubmit={isChanged || !isAtMeta}
      submit="editor.edit.submit"
      refused="editor.edit.refused"
      review={t(isChanged || !isAtMeta ? (isApproved ? 'editor.edit.approved' : 'editor.edit.review') : 'editor.edit.unchanged')}
      said={<Said template={template} />}
      onChange={setDraft}
      send={() => request('PATCH', `/templates/${template.id}`, { body })}
    >
      {change => (
        <section className="grid gap-4" aria-label={t('editor.about')}>
          <Facts
            facts={[
              [
                t('editor.name'),
                <bdi key="name" dir="ltr" className="font-mono wrap-anywhere">
                  {template.name}
                </bdi>,
              ],
              [t('templates.language'), <LanguageName key="language" code={template.language} />],
              ...(isApproved
                ? [[t('templates.category'), <CategoryName key="category" category={template.category} />] as const]
                : []),
            ]}
          />
          <p className="text-meta text-ink-3">
            {t('editor.edit.fixed')} {isApproved && t('editor.edit.fixedCategory')}
          </p>
          {!isApproved && <CategoryField draft={draft} change={change} />}
        </section>
      )}
    </EditorForm>
  )
}

/** State of a template, and why, in Meta's words, with what to do. */
function Said({ template }: { template: Template }) {
  const t = useText()
  return (
    <section aria-label={t('editor.edit.why')} className="grid gap-2 rounded-2 bg-sunk px-3 py-2">
      <p>
        <StateTag template={template} />
      </p>
      {hasWhy(template) && <Why template={template} />}
    </section>
  )
}
