import type { ReactNode } from 'react'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../button.tsx'
import { FailIcon, Icon } from '../icons.tsx'
import type { Draft } from './draft.ts'
import { conflictOf } from './field-problems.ts'

/** A field of a form by its name: what people call it, and how a value of it is shown in a line. */
export interface FieldWords<T> {
  name: keyof T & string
  label: string
  show(value: T): ReactNode
}

interface ConflictProps<T extends object> {
  error: unknown
  draft: Draft<T>
  fields: readonly FieldWords<T>[]
  /** Hears what is saved now, to show it. */
  onCurrent(current: T): void
  /** Saves once more what was changed, in place of what others saved. */
  onKeep(current: T): void
}

/** What others saved meanwhile beside one's own change, and the choice between both; nothing for another error. */
export function Conflict<T extends object>({ error, draft, fields, onCurrent, onKeep }: ConflictProps<T>) {
  const t = useText()
  const conflict = conflictOf<T>(error)
  if (conflict === null) return null
  const { current, by } = conflict
  const differing = fields.filter(({ name }) => conflict.fields.includes(name))
  return (
    <div role="alert" className="grid gap-2 rounded-2 bg-fail-soft px-3 py-2">
      <p className="flex gap-2">
        <Icon of={FailIcon} className="text-fail" />
        <span>{by === null ? t('form.conflict.somebody') : <Text id="form.conflict" values={{ name: by }} />}</span>
      </p>
      {differing.map(({ name, label, show }) => (
        <dl key={name} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 ps-6">
          <dt className="weight-name col-span-2">{label}</dt>
          <dt className="text-ink-2">{t('form.conflict.theirs')}</dt>
          <dd className="break-words">
            <bdi>{show(current)}</bdi>
          </dd>
          <dt className="text-ink-2">{t('form.conflict.yours')}</dt>
          <dd className="break-words">
            <bdi>{show(draft.now)}</bdi>
          </dd>
        </dl>
      ))}
      <div className="flex flex-wrap gap-2 ps-6">
        <Button
          onClick={() => {
            draft.undo(differing.map(({ name }) => name))
            onCurrent(current)
          }}
        >
          {t('form.conflict.take')}
        </Button>
        <Button onClick={() => onKeep(current)}>{t('form.conflict.keep')}</Button>
      </div>
    </div>
  )
}
