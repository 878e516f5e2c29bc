import { useRef } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Check, Field, TextArea } from '../../../ui/field.tsx'

const LONGEST = 1024

interface AnswerFieldProps {
  kind: 'greeting' | 'away'
  saved: string | null
  /** Null: it is off. */
  text: string | null
  problem: string | undefined
  /** What is odd about it, beside its hint. */
  note?: string | undefined
  onChange(text: string | null): void
}

/** An automatic answer: on or off, and its text. What was written comes back when it is switched on again. */
export function AnswerField({ kind, saved, text, problem, note, onChange }: AnswerFieldProps) {
  const t = useText()
  const { number } = useFormat()
  const last = useRef(saved ?? '')
  if (text !== null) last.current = text
  return (
    <section className="grid gap-2">
      <h2>{t(`hours.${kind}`)}</h2>
      <Check
        label={t(`hours.${kind}.on`)}
        checked={text !== null}
        onChange={({ target }) => onChange(target.checked ? last.current : null)}
      />
      {text !== null && (
        <Field
          label={t(`hours.${kind}.text`)}
          aside={text.length > LONGEST * 0.8 ? `${number(text.length)} / ${number(LONGEST)}` : undefined}
          problem={problem}
          hint={t(`hours.${kind}.hint`)}
        >
          {ids => (
            <TextArea
              {...ids}
              required
              dir="auto"
              rows={3}
              maxLength={LONGEST}
              value={text}
              onChange={({ target }) => onChange(target.value)}
            />
          )}
        </Field>
      )}
      {note && <p className="text-time">{note}</p>}
    </section>
  )
}
