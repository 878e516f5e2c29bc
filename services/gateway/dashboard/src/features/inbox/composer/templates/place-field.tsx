import { useText } from '../../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../../ui/field.tsx'
import type { Place } from './sendable.ts'

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
      problem={problem && (value.trim() === '' ? t('composer.template.missing') : <bdi>{problem}</bdi>)}
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
  if (button !== null) return t('composer.template.button', { n: button + 1 })
  if (label !== null) return label
  return name === 'header' ? t('composer.template.header') : t('composer.template.value', { n: Number(name) })
}
