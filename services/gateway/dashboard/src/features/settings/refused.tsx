import { Problem } from '../../lib/api/client.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { FailIcon, Icon } from '../../ui/icons.tsx'

/** Why the server refused something; nothing without an error. */
export function Refused({ error }: { error: unknown }) {
  const t = useText()
  if (!error) return null
  return (
    <p role="alert" className="flex gap-2 text-fail">
      <Icon of={FailIcon} />
      <span>
        {t('settings.refused')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
      </span>
    </p>
  )
}
