import { Problem } from '../../../lib/api/problem.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import { Refused } from '../../../ui/refused.tsx'

/** Refusals that a sender can do something about; the server's own sentence is said for all others. */
const SENTENCES: Record<string, TextId> = {
  CONTACT_BLOCKED: 'contacts.first.refused.blocked',
  CONTACT_OPTED_OUT: 'contacts.first.refused.optedOut',
  CONVERSATION_OF_ANOTHER: 'contacts.first.refused.another',
  NOT_ASSIGNEE: 'contacts.first.refused.another',
  NUMBER_NOT_CONNECTED: 'contacts.first.refused.number',
  TEMPLATE_NOT_APPROVED: 'contacts.first.refused.template',
}

/** Why nothing was sent; nothing without an error. */
export function NotSent({ error }: { error: unknown }) {
  const t = useText()
  const sentence = error instanceof Problem ? SENTENCES[error.errorCode] : undefined
  if (sentence === undefined) return <Refused error={error}>{t('contacts.first.failed')}</Refused>
  return (
    <p role="alert" className="text-fail">
      {t('contacts.first.failed')} {t(sentence)}
    </p>
  )
}
