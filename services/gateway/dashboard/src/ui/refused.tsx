import { Problem } from '../lib/api/problem.ts'
import { useText } from '../lib/i18n/text.tsx'
import { FailIcon, Icon } from './icons.tsx'

/** That the server refused something, and why, in its own words; nothing without an error. */
export function Refused({ error }: { error: unknown }) {
  const t = useText()
  if (!error) return null
  return (
    <p role="alert" className="flex gap-2 text-fail">
      <Icon of={FailIcon} />
      <span>
        {t('ui.refused')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
      </span>
    </p>
  )
}
