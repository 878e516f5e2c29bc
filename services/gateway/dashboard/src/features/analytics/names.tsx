import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { NOTHING_OPEN } from '../../lib/routes.ts'
import { useDays } from './days.ts'
import type { CostBy, MessagesBy } from './search.ts'

export type By = MessagesBy | CostBy

/** Words for keys of the API; another one is shown as the API names it. */
const WORDS: Partial<Record<By, Record<string, TextId>>> = {
  origin: {
    api: 'analytics.origin.api',
    dashboard: 'analytics.origin.dashboard',
    campaign: 'analytics.origin.campaign',
    phone: 'analytics.origin.phone',
    app: 'analytics.origin.app',
    automatic: 'analytics.origin.automatic',
  },
  category: {
    marketing: 'analytics.category.marketing',
    utility: 'analytics.category.utility',
    authentication: 'analytics.category.authentication',
    service: 'analytics.category.service',
  },
}

const LINK = 'text-brand underline underline-offset-2'

/** What a row of a report is called, with a link to the list of what is behind it, where there is one. */
export function useRowName(): (by: By, row: { key: string | null; name: string | null }) => ReactNode {
  const t = useText()
  const { country } = useDays()
  return (by, { key, name }) => {
    if (key === null) return <span className="text-ink-2">{t(`analytics.without.${by}`)}</span>
    const word = WORDS[by]?.[key]
    if (word) return t(word)
    if (by === 'country') return country(key)
    const shown = <bdi className={by === 'template' ? 'font-mono' : undefined}>{name ?? key}</bdi>
    if (by === 'template')
      return (
        <Link to="/templates" search={{ q: key }} className={LINK}>
          {shown}
        </Link>
      )
    if (by === 'agent')
      return (
        <Link
          to="/inbox/{-$conversationId}"
          params={NOTHING_OPEN}
          search={{ tab: 'all', status: 'any', assignee: key }}
          className={LINK}
        >
          {shown}
        </Link>
      )
    if (by === 'number')
      return (
        <Link
          to="/inbox/{-$conversationId}"
          params={NOTHING_OPEN}
          search={{ tab: 'all', status: 'any', number: key }}
          className={LINK}
        >
          {shown}
        </Link>
      )
    return shown
  }
}
