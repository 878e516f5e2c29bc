import type { ReactNode } from 'react'
import { Problem } from '../lib/api/problem.ts'
import { useText } from '../lib/i18n/text.tsx'
import { FailIcon, Icon } from './icons.tsx'

/** That the server refused something, and why, in its own words; nothing without an error. `children`: another first sentence. */
export function Refused({ error, children }: { error: unknown; children?: ReactNode }) {
  const t = useText()
  if (!error) return null
  return (
    <p role="alert" className="flex gap-2 text-fail">
      <Icon of={FailIcon} />
      <span>
        {children ?? t('ui.refused')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
      </span>
    </p>
  )
}
