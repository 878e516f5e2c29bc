import { type ReactNode, useId } from 'react'

/** A part of the contact: heading, what can be done with it, content. Hairlines part them. */
export function Section({ title, action, children }: { title: ReactNode; action?: ReactNode; children: ReactNode }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="grid gap-2 border-t border-line px-4 py-3.5">
      <header className="flex min-h-6 items-center justify-between gap-2">
        <h3 id={id}>{title}</h3>
        {action}
      </header>
      {children}
    </section>
  )
}

/** Name and value, the value at the inline end of its column. */
export function Line({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="flex min-h-6 items-baseline justify-between gap-3">
      <dt className="shrink-0 text-ink-2">{name}</dt>
      <dd className="figures min-w-0 text-end break-words">{children}</dd>
    </div>
  )
}
