import type { ReactNode } from 'react'

/** A part of a page of settings, with what it is about. */
export const Part = ({ title, text, children }: { title: string; text?: string; children: ReactNode }) => (
  <section className="grid max-w-[34rem] gap-3">
    <div>
      <h2>{title}</h2>
      {text && <p className="text-ink-2">{text}</p>}
    </div>
    {children}
  </section>
)
