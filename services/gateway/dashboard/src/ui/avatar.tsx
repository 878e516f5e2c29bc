import clsx from 'clsx'
import type { Availability } from '#shared/contracts/availability.ts'
import { useMinute } from '../lib/clock.ts'
import { useFormat } from '../lib/i18n/format.ts'
import { useText } from '../lib/i18n/text.tsx'
import { Icon, UserIcon } from './icons.tsx'
import { initialsOf } from './initials.ts'
import { HOUR_MS, leftOf } from './window.ts'

/** A contact: initials in the ring of what is left of the 24 hours. Dashes: the window is closed. */
export function ContactAvatar({ name, windowExpiresAt }: { name: string | null; windowExpiresAt: string | null }) {
  const t = useText()
  const { left: shown } = useFormat()
  const ms = leftOf(windowExpiresAt, useMinute())
  const isClosing = ms > 0 && ms < HOUR_MS
  const label = ms > 0 ? t('ui.window.open', { left: shown(ms) }) : t('ui.window.closed')
  return (
    <span className="relative inline-grid size-10 shrink-0 place-items-center">
      <svg viewBox="0 0 40 40" role="img" aria-label={label} className="col-start-1 row-start-1 size-full -rotate-90 fill-none">
        <circle cx="20" cy="20" r="18.5" pathLength={100} strokeWidth="1.6" strokeDasharray="1.4 3.1" className="stroke-line" />
        {ms > 0 && (
          <circle
            cx="20"
            cy="20"
            r="18.5"
            pathLength={100}
            strokeWidth={isClosing ? 3 : 2.2}
            strokeDasharray={`${Math.max(1, Math.min(100, Math.round((ms / (24 * HOUR_MS)) * 100)))} 100`}
            className={isClosing ? 'stroke-time-mark' : 'stroke-brand'}
          />
        )}
      </svg>
      <Disc className="size-8 bg-brand-soft text-[0.75rem] text-brand">
        {initialsOf(name) ?? <Icon of={UserIcon} size={16} />}
      </Disc>
    </span>
  )
}

/** A colleague. */
export function PersonAvatar({ name, availability }: { name: string; availability?: Availability | undefined }) {
  return (
    <span className="relative inline-grid size-7 shrink-0 place-items-center">
      <Disc className="size-7 bg-ink-2 text-[0.6875rem] text-sheet">{initialsOf(name)}</Disc>
      {availability && (
        <span
          aria-hidden="true"
          className={clsx(
            'absolute -end-px -bottom-px size-2.5 border-2 border-desk',
            availability === 'busy' ? 'rounded-1 bg-time-mark' : 'rounded-full',
            availability === 'available' && 'bg-ok',
            availability === 'offline' && 'bg-line-strong',
          )}
        />
      )}
    </span>
  )
}

function Disc({ className, children }: { className: string; children: React.ReactNode }) {
  return (
    <span
      aria-hidden="true"
      className={clsx('col-start-1 row-start-1 grid place-items-center rounded-full leading-none font-semibold', className)}
    >
      {children}
    </span>
  )
}
