import { useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { CheckIcon, ClockIcon, CloseIcon, DocumentIcon, PauseIcon, PlayIcon, type TablerIcon } from '../../ui/icons.tsx'
import { Tag } from '../../ui/tag.tsx'
import type { Campaign } from './data.ts'

const LOOKS: Record<Campaign['status'], { kind: 'plain' | 'ok' | 'time' | 'fail' | 'brand'; icon: TablerIcon }> = {
  DRAFT: { kind: 'plain', icon: DocumentIcon },
  SCHEDULED: { kind: 'time', icon: ClockIcon },
  RUNNING: { kind: 'brand', icon: PlayIcon },
  PAUSED: { kind: 'time', icon: PauseIcon },
  DONE: { kind: 'ok', icon: CheckIcon },
  CANCELLED: { kind: 'plain', icon: CloseIcon },
}

export function StateTag({ status }: { status: Campaign['status'] }) {
  const t = useText()
  return <Tag {...LOOKS[status]}>{t(`campaigns.status.${status}`)}</Tag>
}

/** Reasons that have a sentence in every language. */
const REASONS: Record<string, TextId> = {
  'template-not-approved': 'campaigns.reason.templateNotApproved',
  'template-refused': 'campaigns.reason.templateRefused',
  'end-time-passed': 'campaigns.reason.endTimePassed',
}

/** Why a campaign stands still or ended; null when nobody said. */
export function useReason({ statusReason, statusReasonKey }: Campaign): string | null {
  const t = useText()
  const known = statusReasonKey && REASONS[statusReasonKey.key]
  if (known) return t(known, statusReasonKey?.parameters)
  return statusReason
}
