import { useText } from '../../lib/i18n/text.tsx'
import { Refused } from '../../ui/refused.tsx'

/** Why the server refused a form; nothing without an error. */
export function FormProblem({ error }: { error: unknown }) {
  const t = useText()
  return <Refused error={error}>{t('contacts.failed')}</Refused>
}
