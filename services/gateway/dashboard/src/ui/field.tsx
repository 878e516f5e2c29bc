import clsx from 'clsx'
import { type ComponentProps, type ReactNode, useId } from 'react'
import { FailIcon, Icon } from './icons.tsx'

interface FieldProps {
  label: string
  /** At the label's end: a counter from 80 % of the limit on. */
  aside?: ReactNode
  problem?: ReactNode
  hint?: ReactNode
  /** The control, with the ids that connect it to label, problem and hint. */
  children(ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }): ReactNode
}

/** Label above, control, what is wrong with it and how to mend that, then a hint. */
export function Field({ label, aside, problem, hint, children }: FieldProps) {
  const id = useId()
  const described = [problem && `${id}-problem`, hint && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div className="grid min-w-0 content-start gap-1">
      <div className="flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="weight-name">
          {label}
        </label>
        {aside && <span className="figures text-meta text-ink-3">{aside}</span>}
      </div>
      {children({
        id,
        ...(described && { 'aria-describedby': described }),
        ...(problem ? { 'aria-invalid': true as const } : {}),
      })}
      {problem && (
        <p id={`${id}-problem`} className="flex gap-1.5 text-fail">
          <Icon of={FailIcon} size={16} className="mt-0.5" />
          <span>{problem}</span>
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-meta text-ink-3">
          {hint}
        </p>
      )}
    </div>
  )
}

export const CONTROL =
  'w-full min-h-(--control) rounded-2 border border-line-strong bg-raised px-2.5 py-1 text-ui text-ink pointer-coarse:text-[1rem] focus-visible:outline-2 focus-visible:outline-offset-1 focus-visible:outline-focus aria-invalid:border-fail aria-invalid:inset-ring aria-invalid:inset-ring-fail disabled:bg-sunk disabled:text-ink-3'

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input {...rest} dir={dirOf(rest)} className={clsx(CONTROL, className)} />
}

/** An empty field with the direction of its text has that of the page: a browser would write its hint from left to right. */
const dirOf = ({ dir, value }: { dir?: string | undefined; value?: unknown }) =>
  dir === 'auto' && value === '' ? undefined : dir

/** A choice out of few. */
export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select {...rest} className={clsx(CONTROL, 'min-w-0 text-ellipsis', className)} />
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea {...rest} dir={dirOf(rest)} className={clsx(CONTROL, 'block text-text', className)} />
}

export function Check({ label, ...rest }: ComponentProps<'input'> & { label: ReactNode }) {
  return (
    <label className="inline-flex min-h-6 items-center gap-2">
      <input {...rest} type="checkbox" className="size-4 shrink-0" />
      <span>{label}</span>
    </label>
  )
}

/** On or off, at once. */
export function Switch({
  checked,
  onChange,
  label,
  disabled,
}: {
  checked: boolean
  onChange(next: boolean): void
  label: ReactNode
  disabled?: boolean
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={checked}
      disabled={disabled}
      onClick={() => onChange(!checked)}
      className="inline-flex min-h-6 items-center gap-2 rounded-2 text-start"
    >
      <span
        aria-hidden="true"
        className={clsx(
          'flex h-5 w-8 shrink-0 rounded-full border p-0.5',
          checked ? 'justify-end border-brand bg-brand' : 'border-line-strong bg-sunk',
        )}
      >
        <span className={clsx('aspect-square h-full rounded-full', checked ? 'bg-on-brand' : 'bg-ink-3')} />
      </span>
      <span>{label}</span>
    </button>
  )
}
