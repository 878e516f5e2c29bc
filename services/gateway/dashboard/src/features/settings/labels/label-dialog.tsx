import { type ReactNode, useState } from 'react'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import type { LabelView } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { Conflict, type FieldWords } from '../../../ui/form/conflict.tsx'
import { useDraft } from '../../../ui/form/draft.ts'
import { conflictOf, isAtFields, problemAt } from '../../../ui/form/field-problems.ts'
import { FormDialog } from '../../../ui/form-dialog.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Swatch } from '../../../ui/swatch.tsx'
import { changeLabel, createLabel, type LabelFields, useLabelChange } from './data.ts'

const FIELDS = ['name', 'color', 'description'] as const
/** Colour of a new label. It belongs to the account, as all colours of labels: it is no token of the page. */
const FIRST_COLOR = `#${(0x6b7280).toString(16)}`

export function NewLabel({ onClose }: { onClose(): void }) {
  const t = useText()
  const [fields, setFields] = useState<LabelFields>({ name: '', color: FIRST_COLOR, description: null })
  const repeat = useRepeatKey()
  const create = useLabelChange(createLabel)
  return (
    <LabelForm
      title={t('labels.new')}
      submit={t('labels.create')}
      fields={fields}
      isDirty={fields.name !== '' || fields.description !== null}
      error={create.error}
      isBusy={create.isPending}
      onChange={part => setFields(before => ({ ...before, ...part }))}
      onSubmit={() => create.mutate({ ...fields, key: repeat.current() }, { onSuccess: onClose, onError: repeat.onError })}
      onClose={onClose}
    />
  )
}

export function EditLabel({ label, onClose }: { label: LabelView; onClose(): void }) {
  const t = useText()
  const { id, name, color, description } = label
  // What others save meanwhile is told by the refusal; the form stays as it was opened.
  const [saved, setSaved] = useState<LabelFields>({ name, color, description })
  const draft = useDraft(saved)
  const edit = useLabelChange(changeLabel)
  const save = (expected: Partial<LabelFields>) => edit.mutate({ id, change: draft.change(), expected }, { onSuccess: onClose })
  const words: FieldWords<LabelFields>[] = [
    { name: 'name', label: t('labels.name'), show: ({ name }) => name },
    { name: 'color', label: t('labels.color'), show: ({ color }) => <ColorWords color={color} /> },
    { name: 'description', label: t('labels.description'), show: ({ description }) => description ?? '–' },
  ]
  return (
    <LabelForm
      title={t('labels.edit.of', { name })}
      submit={t('form.save')}
      fields={draft.now}
      isDirty={draft.changed.length > 0}
      error={edit.error}
      isBusy={edit.isPending}
      onChange={draft.set}
      onSubmit={() => (draft.changed.length > 0 ? save(draft.expected()) : onClose())}
      onClose={onClose}
    >
      <Conflict
        error={edit.error}
        draft={draft}
        fields={words}
        onCurrent={current => {
          setSaved(current)
          edit.reset()
        }}
        onKeep={current => save(draft.replace(current))}
      />
    </LabelForm>
  )
}

const ColorWords = ({ color }: { color: string }) => (
  <span className="inline-flex items-center gap-2">
    <Swatch color={color} />
    <bdi dir="ltr" className="font-mono text-meta">
      {color}
    </bdi>
  </span>
)

interface LabelFormProps {
  title: string
  submit: string
  fields: LabelFields
  isDirty: boolean
  error: unknown
  isBusy: boolean
  onChange(part: Partial<LabelFields>): void
  onSubmit(): void
  onClose(): void
  /** What stands above the buttons. */
  children?: ReactNode
}

function LabelForm({ title, submit, fields, isDirty, error, isBusy, onChange, onSubmit, onClose, children }: LabelFormProps) {
  const t = useText()
  const isTaken = error instanceof Error && 'errorCode' in error && error.errorCode === 'LABEL_EXISTS'
  const isSaid = isTaken || conflictOf(error) !== null || isAtFields(error, FIELDS)
  return (
    <FormDialog title={title} submit={submit} isBusy={isBusy} canClose={!isDirty} onSubmit={onSubmit} onClose={onClose}>
      <Field
        label={t('labels.name')}
        hint={t('labels.name.hint')}
        problem={isTaken ? t('labels.name.taken') : problemAt(error, 'name')}
      >
        {ids => (
          <Input
            {...ids}
            data-autofocus
            required
            dir="auto"
            maxLength={64}
            value={fields.name}
            onChange={event => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label={t('labels.color')} hint={t('labels.color.hint')} problem={problemAt(error, 'color')}>
        {ids => (
          <Input
            {...ids}
            type="color"
            className="max-w-24"
            value={fields.color}
            onChange={event => onChange({ color: event.target.value })}
          />
        )}
      </Field>
      <Field label={t('labels.description')} hint={t('labels.description.hint')} problem={problemAt(error, 'description')}>
        {ids => (
          <Input
            {...ids}
            dir="auto"
            maxLength={200}
            value={fields.description ?? ''}
            onChange={event => onChange({ description: event.target.value || null })}
          />
        )}
      </Field>
      {children}
      <Refused error={isSaid ? null : error} />
    </FormDialog>
  )
}
