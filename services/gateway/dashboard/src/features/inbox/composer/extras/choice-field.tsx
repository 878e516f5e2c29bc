import { Field, Input, TextArea } from '../../../../ui/field.tsx'

interface ChoiceFieldProps {
  label: string
  value: string
  /** Most characters; counted from 80 % on. */
  most: number
  problem: string | undefined
  isLong?: boolean
  onChange(value: string): void
}

/** A field of a message with a choice, with its limit. */
export function ChoiceField({ label, value, most, problem, isLong = false, onChange }: ChoiceFieldProps) {
  return (
    <Field label={label} problem={problem} aside={value.length > most * 0.8 && `${value.length} / ${most}`}>
      {ids =>
        isLong ? (
          <TextArea {...ids} data-autofocus dir="auto" rows={3} value={value} onChange={event => onChange(event.target.value)} />
        ) : (
          <Input {...ids} dir="auto" value={value} onChange={event => onChange(event.target.value)} />
        )
      }
    </Field>
  )
}
