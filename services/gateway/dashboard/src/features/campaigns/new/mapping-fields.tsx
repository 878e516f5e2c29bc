import { useText } from '../../../lib/i18n/text.tsx'
import { Field, Input, Select } from '../../../ui/field.tsx'
import type { FileColumn, Template } from '../data.ts'
import { headerFileOf } from './arrival.tsx'
import type { Mapped, Value } from './mapping.ts'

/** Value of a choice that is no column. */
const FIXED = '\u0000'

interface MappingFieldsProps {
  template: Template
  columns: readonly FileColumn[]
  mapped: Mapped
  onChange(mapped: Mapped): void
  /** The rows are contacts, whose number and name are known. */
  isContacts?: boolean
}

/** Which column holds the number, the name, and each variable of the template; each with values of the first rows. */
export function MappingFields({ template, columns, mapped, onChange, isContacts = false }: MappingFieldsProps) {
  const t = useText()
  const samples = (name: string) =>
    columns
      .find(column => column.name === name)
      ?.samples.filter(Boolean)
      .join(', ')
  const pick = (field: 'to' | 'name' | 'headerMedia', label: string) => (
    <Field label={label} hint={samples(mapped[field])}>
      {ids => (
        <Select {...ids} value={mapped[field]} onChange={event => onChange({ ...mapped, [field]: event.target.value })}>
          <option value="">{t(field === 'to' ? 'campaigns.choose' : 'campaigns.noColumn')}</option>
          <ColumnOptions columns={columns} />
        </Select>
      )}
    </Field>
  )
  const set = (name: string, value: Value) => onChange({ ...mapped, variables: { ...mapped.variables, [name]: value } })
  return (
    <div className="grid grid-cols-2 items-start gap-4 max-two:grid-cols-1">
      {!isContacts && pick('to', t('campaigns.column.to'))}
      {!isContacts && pick('name', t('campaigns.column.name'))}
      {!isContacts && headerFileOf(template) && pick('headerMedia', t('campaigns.column.file'))}
      {template.variables.map(({ name, example }) => (
        <VariableField
          key={name}
          name={name}
          example={example}
          value={mapped.variables[name] ?? { column: '' }}
          columns={columns}
          samples={samples}
          onChange={value => set(name, value)}
        />
      ))}
    </div>
  )
}

interface VariableFieldProps {
  name: string
  example: string | null
  value: Value
  columns: readonly FileColumn[]
  samples(column: string): string | undefined
  onChange(value: Value): void
}

function VariableField({ name, example, value, columns, samples, onChange }: VariableFieldProps) {
  const t = useText()
  const isFixed = 'text' in value
  const label = t('campaigns.column.variable', { name, example: example ?? name })
  return (
    <Field label={label} hint={isFixed ? undefined : samples(value.column)}>
      {ids => (
        <div className="grid gap-2">
          <Select
            {...ids}
            value={isFixed ? FIXED : value.column}
            onChange={({ target }) => onChange(target.value === FIXED ? { text: '' } : { column: target.value })}
          >
            <option value="">{t('campaigns.choose')}</option>
            <ColumnOptions columns={columns} />
            <option value={FIXED}>{t('campaigns.sameForAll')}</option>
          </Select>
          {isFixed && (
            <Input
              required
              dir="auto"
              maxLength={1024}
              aria-label={t('campaigns.sameForAll.value', { name })}
              value={value.text}
              onChange={event => onChange({ text: event.target.value })}
            />
          )}
        </div>
      )}
    </Field>
  )
}

const ColumnOptions = ({ columns }: { columns: readonly FileColumn[] }) =>
  [...new Set(columns.map(({ name }) => name))].map(name => (
    <option key={name} value={name}>
      {name}
    </option>
  ))
