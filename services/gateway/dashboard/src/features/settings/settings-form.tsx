import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ComponentType, type ReactNode, useState } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import type { FieldWords } from '../../ui/form/conflict.tsx'
import { type Draft, useDraft } from '../../ui/form/draft.ts'
import { DraftForm } from '../../ui/form/draft-form.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { type CompanyChange, type CompanySettings, changeCompany, companyQuery, useSettingsChange } from './data.ts'

export interface ConfirmProps {
  change: Partial<CompanySettings>
  isBusy: boolean
  onConfirm(): void
  onClose(): void
}

interface SettingsFormProps {
  label: string
  /** Fields of the settings that this form changes. */
  fields: readonly FieldWords<CompanySettings>[]
  /** Asks before a change is saved that needs it. */
  confirm?: {
    isNeeded(change: Partial<CompanySettings>, before: CompanySettings): boolean
    Dialog: ComponentType<ConfirmProps>
  }
  /** @param error why the last save was refused */
  children(draft: Draft<CompanySettings>, error: unknown): ReactNode
}

/** A form over some of the company's settings: it loads them, and saves what was changed. */
export function SettingsForm(props: SettingsFormProps) {
  const t = useText()
  const { data, error, refetch } = useQuery(companyQuery)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('settings.company.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="12rem" />}
      {data && <OfSettings {...props} settings={data} />}
    </>
  )
}

function OfSettings({ label, fields, confirm, children, settings }: SettingsFormProps & { settings: CompanySettings }) {
  const queries = useQueryClient()
  const draft = useDraft(settings)
  const save = useSettingsChange(changeCompany)
  const show = (current: CompanySettings) => queries.setQueryData(companyQuery.queryKey, current)
  const [asked, setAsked] = useState<CompanyChange | null>(null)
  const send = (input: CompanyChange) =>
    save.mutate(input, {
      onSuccess: saved => {
        show(saved)
        draft.undo()
      },
      onSettled: () => setAsked(null),
    })
  return (
    <>
      <DraftForm
        label={label}
        draft={draft}
        fields={fields}
        error={save.error}
        isBusy={save.isPending}
        onSave={(change, expected) => {
          if (confirm?.isNeeded(change, settings)) setAsked({ change, expected })
          else send({ change, expected })
        }}
        onCurrent={current => {
          show(current)
          save.reset()
        }}
      >
        {children(draft, save.error)}
      </DraftForm>
      {asked && confirm && (
        <confirm.Dialog
          change={asked.change}
          isBusy={save.isPending}
          onConfirm={() => send(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  )
}
