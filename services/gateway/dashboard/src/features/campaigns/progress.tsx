import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import type { Counts } from './data.ts'

/** Messages that have left, whatever became of them. */
export const sentOf = ({ sent, delivered, read, failed }: Counts): number => sent + delivered + read + failed

/** Everybody who was to get a message, but for those whom the release left out. */
const allOf = ({ recipients }: Counts): number => Math.max(1, recipients)

const PARTS = [
  ['read', 'fill-(--s-read)'],
  ['delivered', 'fill-(--s-delivered)'],
  ['sent', 'fill-(--s-delivered) opacity-60'],
  ['failed', 'fill-(--s-failed)'],
] as const

/** How far everybody's message has come, as one bar. */
export function ProgressBar({ counts, tall = false }: { counts: Counts; tall?: boolean }) {
  const t = useText()
  const { number } = useFormat()
  const all = allOf(counts)
  let from = 0
  const label = t('campaigns.progress', {
    read: number(counts.read),
    delivered: number(counts.delivered),
    sent: number(counts.sent),
    failed: number(counts.failed),
    waiting: number(counts.pending + counts.queued),
  })
  return (
    <svg
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={`block w-full overflow-hidden rounded-1 rtl:-scale-x-100 ${tall ? 'h-4' : 'h-1.5'}`}
    >
      <rect width="100" height="4" className="fill-line" />
      {PARTS.map(([state, className]) => {
        const width = (counts[state] / all) * 100
        const x = from
        from += width
        return width > 0 && <rect key={state} x={x} width={Math.max(width, 0.3)} height="4" className={className} />
      })}
    </svg>
  )
}

/** A share as a small bar. */
export function Meter({ value, all, className }: { value: number; all: number; className: string }) {
  return (
    <svg
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      aria-hidden="true"
      className="block h-1.5 w-full rounded-1 rtl:-scale-x-100"
    >
      <rect width="100" height="4" className="fill-line" />
      <rect width={Math.min(100, (value / Math.max(1, all)) * 100)} height="4" className={className} />
    </svg>
  )
}
