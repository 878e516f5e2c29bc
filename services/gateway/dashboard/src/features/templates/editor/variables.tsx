import { isCounted } from '#shared/domain/templates/slots.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import type { PartProps } from './about.tsx'
import { keyOf, slotsOf } from './draft.ts'
import { useProblem } from './said.ts'

/** A sample of each variable, which Meta reviews the text by, and the name under which people fill it in. */
export function Variables({ draft, change }: PartProps) {
  const t = useText()
  const problem = useProblem()
  const slots = slotsOf(draft)
  if (slots.length === 0) return null
  const set = (key: string, changes: Partial<{ name: string; sample: string }>) =>
    change({ variables: { ...draft.variables, [key]: { name: '', sample: '', ...draft.variables[key], ...changes } } })
  return (
    <fieldset className="grid gap-3 rounded-2 border border-line p-3">
      <legend className="weight-name px-1">{t('editor.variables')}</legend>
      <p className="text-meta text-ink-3">{t('editor.variables.text')}</p>
      {problem('variables') && <p className="text-fail">{problem('variables')}</p>}
      <ul className="grid gap-3">
        {slots.map(slot => {
          const key = keyOf(slot)
          const { name = '', sample = '' } = draft.variables[key] ?? {}
          const variable = `{{${slot.placeholder}}}`
          return (
            <li key={key} className="grid items-start gap-2 two:grid-cols-2">
              <Field
                label={t(slot.component === 'HEADER' ? 'editor.variable.sampleOfHeader' : 'editor.variable.sample', { variable })}
                problem={problem(key)}
              >
                {ids => (
                  <Input
                    {...ids}
                    dir="auto"
                    maxLength={1024}
                    value={sample}
                    onChange={event => set(key, { sample: event.target.value })}
                  />
                )}
              </Field>
              {slot.component === 'HEADER' ? null : isCounted(slot.placeholder) ? (
                <Field label={t('editor.variable.name', { variable })} aside={t('editor.optional')}>
                  {ids => (
                    <Input
                      {...ids}
                      dir="auto"
                      maxLength={100}
                      value={name}
                      onChange={event => set(key, { name: event.target.value })}
                    />
                  )}
                </Field>
              ) : (
                <p className="self-end pb-2 text-meta text-ink-3">
                  <Text id="editor.variable.named" values={{ name: <bdi key="name">{slot.placeholder}</bdi> }} />
                </p>
              )}
            </li>
          )
        })}
      </ul>
    </fieldset>
  )
}
