import { useText } from '../../lib/i18n/text.tsx'
import type { Place } from '../../lib/templates/sendable.ts'
import { Field, Input } from '../field.tsx'

interface PlaceFieldProps {
  place: Place
  value: string
  problem: string | undefined
  onChange(value: string): void
}

/** A value of a template, under the name that people gave it, with its sample. */
export function PlaceField({ place, value, problem, onChange }: PlaceFieldProps) {
  const t = useText()
  return (
    <Field
      label={useLabel(place)}
      aside={
        <bdi dir="ltr" className="font-mono">
          {`{{${place.name}}}`}
        </bdi>
      }
      problem={problem && (value.trim() === '' ? t('templates.value.missing') : <bdi>{problem}</bdi>)}
    >
      {ids => (
        <Input
          {...ids}
          dir="auto"
          value={value}
          placeholder={place.example ?? ''}
          onChange={event => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

function useLabel({ name, label, button }: Place): string {
  const t = useText()
  if (button !== null) return t('templates.value.button', { n: button + 1 })
  if (label !== null) return label
  return name === 'header' ? t('templates.value.header') : t('templates.value.numbered', { n: Number(name) })
}
