import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { labelsQuery } from '../../lib/data/inbox-aids.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Check, Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { CloseIcon, PlusIcon } from '../../ui/icons.tsx'
import { type Contact, useContactChange } from './data.ts'
import { type AttributeRow, changesOf, rowsOf } from './edits.ts'
import { FormProblem } from './form-problem.tsx'

/** Name, labels and attributes of a contact. Only what was changed is sent. */
export function EditDialog({ contact, onClose }: { contact: Contact; onClose(): void }) {
  const t = useText()
  const [name, setName] = useState(contact.name ?? '')
  const [rows, setRows] = useState(() => rowsOf(contact))
  const [labels, setLabels] = useState<readonly string[]>(contact.labels)
  const { data: known = [] } = useQuery(labelsQuery)
  const change = useContactChange()
  const setRow = (id: number, set: Partial<AttributeRow>) => setRows(rows.map(row => (row.id === id ? { ...row, ...set } : row)))
  return (
    <FormDialog
      title={t('contacts.edit.title')}
      submit={t('contacts.save')}
      isBusy={change.isPending}
      onSubmit={() => {
        const set = changesOf(contact, { name, rows, labels })
        if (Object.keys(set).length === 0) onClose()
        else change.mutate({ id: contact.id, ...set }, { onSuccess: onClose })
      }}
      onClose={onClose}
    >
      <Field label={t('contacts.name')} hint={t('contacts.name.hint')}>
        {ids => <Input {...ids} maxLength={200} dir="auto" value={name} onChange={event => setName(event.target.value)} />}
      </Field>
      {known.length > 0 && (
        <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
          <legend className="weight-name mb-1">{t('contacts.labels')}</legend>
          {known.map(label => (
            <Check
              key={label.id}
              label={<bdi>{label.name}</bdi>}
              checked={labels.includes(label.name)}
              onChange={({ target: { checked } }) =>
                setLabels(checked ? [...labels, label.name] : labels.filter(one => one !== label.name))
              }
            />
          ))}
        </fieldset>
      )}
      <fieldset className="grid gap-2">
        <legend className="weight-name mb-1">{t('contacts.attributes')}</legend>
        {rows.map(row => (
          <AttributeFields
            key={row.id}
            row={row}
            onChange={set => setRow(row.id, set)}
            onRemove={() => setRows(rows.filter(({ id }) => id !== row.id))}
          />
        ))}
        <div>
          <Button
            small
            icon={PlusIcon}
            onClick={() => setRows([...rows, { id: Math.max(0, ...rows.map(({ id }) => id)) + 1, name: '', value: '' }])}
          >
            {t('contacts.attribute.add')}
          </Button>
        </div>
      </fieldset>
      <FormProblem error={change.error} />
    </FormDialog>
  )
}

interface AttributeFieldsProps {
  row: AttributeRow
  onChange(set: Partial<AttributeRow>): void
  onRemove(): void
}

function AttributeFields({ row, onChange, onRemove }: AttributeFieldsProps) {
  const t = useText()
  return (
    <div className="flex items-center gap-2">
      <Input
        aria-label={t('contacts.attribute.name')}
        placeholder={t('contacts.attribute.name')}
        title={t('contacts.attribute.form')}
        required
        maxLength={64}
        pattern="[\p{L}\p{M}\p{N}_]+"
        dir="auto"
        value={row.name}
        onChange={event => onChange({ name: event.target.value })}
      />
      <Input
        aria-label={t('contacts.attribute.value', { name: row.name })}
        maxLength={1000}
        dir="auto"
        value={row.value}
        onChange={event => onChange({ value: event.target.value })}
      />
      <IconButton small icon={CloseIcon} label={t('contacts.attribute.remove', { name: row.name })} onClick={onRemove} />
    </div>
  )
}
