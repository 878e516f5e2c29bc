import clsx from 'clsx'
import { useText } from '../lib/i18n/text.tsx'
import type { TextId } from '../lib/i18n/text-ids.ts'
import { CheckIcon, ChecksIcon, ClockIcon, FailIcon, type TablerIcon } from './icons.tsx'

export type TickState = 'sending' | 'queued' | 'sent' | 'delivered' | 'read' | 'failed'

const TICKS: Record<TickState, { icon: TablerIcon; text: TextId; className: string }> = {
  sending: { icon: ClockIcon, text: 'ui.tick.sending', className: 'text-ink-3 [stroke-dasharray:2_2.2]' },
  queued: { icon: ClockIcon, text: 'ui.tick.queued', className: 'text-ink-3' },
  sent: { icon: CheckIcon, text: 'ui.tick.sent', className: 'text-ink-3' },
  delivered: { icon: ChecksIcon, text: 'ui.tick.delivered', className: 'text-ink-3' },
  read: { icon: ChecksIcon, text: 'ui.tick.read', className: 'text-read' },
  failed: { icon: FailIcon, text: 'ui.tick.failed', className: 'text-fail' },
}

/** How far our message has come. Blue means read, and nothing else. */
export function Tick({ state, at }: { state: TickState; at?: string | undefined }) {
  const t = useText()
  const { icon: Drawn, text, className } = TICKS[state]
  const label = at ? `${t(text)} ${at}` : t(text)
  return <Drawn size={17} stroke={1.7} role="img" aria-label={label} className={clsx('shrink-0', className)} />
}

/** State of the API as a tick; null for a message of the customer. */
export const tickOf = (status: string): TickState | null =>
  (({ QUEUED: 'queued', SENT: 'sent', DELIVERED: 'delivered', READ: 'read', FAILED: 'failed' }) as Record<string, TickState>)[
    status
  ] ?? null
