import clsx from 'clsx'
import type { ReactNode } from 'react'
import { Icon, type TablerIcon } from './icons.tsx'

const KINDS = {
  plain: 'border-line-strong text-ink-2',
  ok: 'border-transparent bg-ok-soft text-ok',
  time: 'border-transparent bg-time-soft text-time',
  fail: 'border-transparent bg-fail-soft text-fail',
  brand: 'border-transparent bg-brand-soft text-brand',
}

/** State of a thing: icon and word. */
export function Tag({ kind = 'plain', icon, children }: { kind?: keyof typeof KINDS; icon?: TablerIcon; children: ReactNode }) {
  return (
    <span
      className={clsx(
        'inline-flex max-w-full items-center gap-1 rounded-1 border px-1.5 text-meta leading-5 whitespace-nowrap',
        KINDS[kind],
      )}
    >
      {icon && <Icon of={icon} size={14} />}
      {children}
    </span>
  )
}

/** How many are unread; nothing for none. */
export function Count({ value, label }: { value: number; label?: string }) {
  if (value === 0) return null
  return (
    <span
      className="figures inline-block h-4.5 min-w-4.5 rounded-full bg-brand px-1 text-center text-meta leading-4.5 font-bold text-on-brand"
      {...(label && { role: 'img', 'aria-label': label })}
    >
      {shownCount(value)}
    </span>
  )
}

/** A label of what shows a count holds the same sign, for who speaks to the page says what they see. */
export const shownCount = (value: number): string => (value > 99 ? '99+' : String(value))
