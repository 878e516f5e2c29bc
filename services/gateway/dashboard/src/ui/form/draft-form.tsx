import { type ReactNode, useEffect, useRef } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../button.tsx'
import { Refused } from '../refused.tsx'
import { Conflict, type FieldWords } from './conflict.tsx'
import type { Draft } from './draft.ts'
import { conflictOf, isAtFields } from './field-problems.ts'
import { LeaveGuard } from './leave-guard.tsx'

interface DraftFormProps<T extends object> {
  /** What the form is about, for screen readers. */
  label: string
  draft: Draft<T>
  fields: readonly FieldWords<T>[]
  /** Why the last save was refused. */
  error: unknown
  isBusy: boolean
  /** Saves the change. @param expected what it replaces */
  onSave(change: Partial<T>, expected: Partial<T>): void
  /** Hears what is saved now, when somebody else's change is taken. */
  onCurrent(current: T): void
  children: ReactNode
}

/**
 * A form over something that is saved: a bar to save or undo appears with the first change, leaving asks, what the server refuses is
 * said at its field, and somebody else's change meanwhile is shown beside one's own.
 */
export function DraftForm<T extends object>(props: DraftFormProps<T>) {
  const { label, draft, fields, error, isBusy, onSave, onCurrent, children } = props
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (!error) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid=true]')
    if (wrong) wrong.focus()
    // The end of a long form, where the reason stands, may be out of sight.
    else form.current?.querySelector('[role=alert]')?.scrollIntoView({ block: 'center' })
  }, [error])
  const count = draft.changed.length
  const isConflict = conflictOf(error) !== null
  const isSaid = isConflict || isAtFields(error, draft.changed)
  return (
    <form
      ref={form}
      aria-label={label}
      className="grid max-w-[40rem] gap-5"
      onSubmit={event => {
        event.preventDefault()
        if (count > 0 && !isBusy) onSave(draft.change(), draft.expected())
      }}
    >
      {children}
      <Conflict
        error={error}
        draft={draft}
        fields={fields}
        onCurrent={onCurrent}
        onKeep={current => onSave(draft.change(), draft.replace(current))}
      />
      <Refused error={isSaid ? null : error} />
      {count > 0 && <SaveBar count={count} isBusy={isBusy} onUndo={() => draft.undo()} />}
      <LeaveGuard isDirty={count > 0} />
    </form>
  )
}

function SaveBar({ count, isBusy, onUndo }: { count: number; isBusy: boolean; onUndo(): void }) {
  const t = useText()
  const { number } = useFormat()
  return (
    <div className="z-sticky sticky bottom-0 flex flex-wrap items-center gap-2 border-t border-line bg-desk py-3">
      <p role="status" className="me-auto text-ink-2">
        <Text id="form.changes" values={{ n: count, count: number(count) }} />
      </p>
      <Button onClick={onUndo}>{t('form.undo')}</Button>
      <Button type="submit" kind="primary" busy={isBusy}>
        {t('form.save')}
      </Button>
    </div>
  )
}
