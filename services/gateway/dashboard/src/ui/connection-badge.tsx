import clsx from 'clsx'
import { useSecond } from '../lib/clock.ts'
import { useFormat } from '../lib/i18n/format.ts'
import { Text } from '../lib/i18n/text.tsx'
import { useLive } from '../lib/realtime/live-store.ts'
import { badgeOf } from './connection.ts'
import { Icon, LiveIcon, OfflineIcon, RefreshIcon } from './icons.tsx'

const LOOKS = {
  none: { icon: LiveIcon, className: 'invisible' },
  live: { icon: LiveIcon, className: '[&_svg]:text-ok' },
  wait: { icon: RefreshIcon, className: 'font-semibold text-time' },
  off: { icon: OfflineIcon, className: 'font-semibold text-fail' },
}

/** What the page really knows about its connection. @param ifAway shows nothing while all is well */
export function ConnectionBadge({ inline = false, ifAway = false }: { inline?: boolean; ifAway?: boolean }) {
  const { state, since, behind } = useLive()
  const { duration, number } = useFormat()
  const now = useSecond()
  const badge = badgeOf(state, now - since, behind)
  const look = LOOKS[badge.look]
  if (ifAway && (badge.look === 'none' || badge.look === 'live')) return null
  return (
    <div
      data-connection={state}
      className={clsx(
        'flex items-center text-center text-meta leading-[1.2] text-ink-3',
        inline ? 'flex-row gap-1 two:hidden' : 'mt-0.5 min-h-13 flex-col gap-px border-t border-line py-1.5',
        look.className,
      )}
    >
      <Icon of={look.icon} size={inline ? 16 : 18} />
      {/* The seconds are not read out: only the state is. */}
      <span role="status">{badge.text && <Text id={badge.text} />}</span>
      {badge.detail && (
        <small className="text-meta font-normal">
          {badge.detail === 'events' ? (
            <Text id="ui.connection.events" values={{ n: behind ?? 0, count: number(behind ?? 0) }} />
          ) : (
            <Text id="ui.connection.for" values={{ time: duration(Math.max(1000, Math.floor((now - since) / 1000) * 1000)) }} />
          )}
        </small>
      )}
    </div>
  )
}
