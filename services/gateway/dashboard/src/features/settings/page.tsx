import { Link, useSearch } from '@tanstack/react-router'
import clsx from 'clsx'
import { type ComponentType, Suspense, useEffect } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { lazyPart } from '../../lib/lazy-part.ts'
import { type Action, useRights } from '../../lib/session/rights.ts'
import { NoRight } from '../../ui/no-right.tsx'
import { Bone } from '../../ui/states.tsx'
import { useCurrentInView } from '../../ui/use-current-in-view.ts'
import { Account } from './account.tsx'
import { Company } from './company.tsx'
import { Keys } from './keys.tsx'
import { Retention } from './retention.tsx'
import type { Section } from './sections.ts'

const Events = lazyPart(() => import('./events/events.tsx'), 'features/settings/events')
const Labels = lazyPart(() => import('./labels/labels.tsx'), 'features/settings/labels')
const QuickReplies = lazyPart(() => import('./quick-replies/quick-replies.tsx'), 'features/settings/quick-replies')
const Hours = lazyPart(() => import('./hours/hours.tsx'), 'features/settings/hours')
const Assignment = lazyPart(() => import('./assignment/assignment.tsx'), 'features/settings/assignment')
const Costs = lazyPart(() => import('./costs/costs.tsx'), 'features/settings/costs')
const Limits = lazyPart(() => import('./limits/limits.tsx'), 'features/settings/limits')

const PANES: Record<Section, { Pane: ComponentType; action: Action | null }> = {
  account: { Pane: Account, action: null },
  company: { Pane: Company, action: 'tenants.write' },
  labels: { Pane: Labels, action: 'labels.write' },
  replies: { Pane: QuickReplies, action: 'quickReplies.writeOwn' },
  hours: { Pane: Hours, action: 'clients.write' },
  assignment: { Pane: Assignment, action: 'tenants.write' },
  costs: { Pane: Costs, action: 'tenants.write' },
  limits: { Pane: Limits, action: 'limits.write' },
  retention: { Pane: Retention, action: 'tenants.write' },
  keys: { Pane: Keys, action: 'apiKeys.read' },
  events: { Pane: Events, action: 'subscriptions.read' },
}

/** How do I sign in, what holds for the company, which programs may send, and which hear what happens? */
export default function SettingsPage() {
  const t = useText()
  const may = useRights()
  const { section = 'account' } = useSearch({ from: '/shell/settings' })
  useEffect(() => {
    document.title = `${t('app.nav.settings')} · Linko`
  })
  const tabs = useCurrentInView(section)
  const { Pane, action } = PANES[section]
  return (
    <div className="mx-auto grid max-w-[60rem] content-start gap-5 p-5 max-two:p-3">
      <h1>{t('app.nav.settings')}</h1>
      <nav ref={tabs} aria-label={t('settings.sections')} className="-mx-1 flex gap-1 overflow-x-auto px-1 pb-1 two:flex-wrap">
        {(Object.keys(PANES) as Section[])
          .filter(one => may(PANES[one].action))
          .map(one => (
            <Link
              key={one}
              to="/settings"
              search={one === 'account' ? {} : { section: one }}
              // The address without a section is not a part of the others.
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={one === section ? 'page' : undefined}
              className={clsx(
                'rounded-2 border px-3 py-1.5 whitespace-nowrap no-underline',
                one === section ? 'weight-name border-brand bg-brand-soft text-brand' : 'border-line text-ink-2 hover:bg-hover',
              )}
            >
              {t(`settings.section.${one}`)}
            </Link>
          ))}
      </nav>
      {may(action) ? (
        <Suspense fallback={<Bone width="100%" height="12rem" />}>
          <Pane />
        </Suspense>
      ) : (
        <NoRight />
      )}
    </div>
  )
}
