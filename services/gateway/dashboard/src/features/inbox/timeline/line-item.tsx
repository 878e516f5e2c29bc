import clsx from 'clsx'
import type { ReactNode } from 'react'
import { CheckIcon, ClockIcon, FailIcon, Icon } from '../../../ui/icons.tsx'

const LOOKS = {
  done: { icon: CheckIcon, className: 'rounded-full bg-brand-soft text-brand' },
  open: { icon: ClockIcon, className: 'text-time' },
  failed: { icon: FailIcon, className: 'rounded-1 bg-fail-soft text-fail' },
}

interface LineItemProps {
  look: keyof typeof LOOKS
  isLast: boolean
  /** What was measured: it stands in the margin. */
  aside: ReactNode
  children: ReactNode
}

/** A station of a line. Shape and word differ, not colour alone. */
export function LineItem({ look, isLast, aside, children }: LineItemProps) {
  const { icon, className } = LOOKS[look]
  return (
    <li className="grid grid-cols-[1.25rem_minmax(0,1fr)_auto] gap-x-2.5">
      <span className="grid grid-rows-[1.25rem_1fr] justify-items-center">
        <span className={clsx('grid size-5 place-items-center', className)}>
          <Icon of={icon} size={14} />
        </span>
        {!isLast && <span className="w-px bg-line-strong" />}
      </span>
      <div className="min-w-0 pb-4">{children}</div>
      <div className="figures text-end text-meta text-ink-3">{aside}</div>
    </li>
  )
}
