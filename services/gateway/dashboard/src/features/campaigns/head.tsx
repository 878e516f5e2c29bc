import type { ReactNode } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { BackLink } from '../../ui/back-link.tsx'

/** Name of a campaign, what stands under it, and what can be done with it. */
export function Head({ title, under, children }: { title: ReactNode; under?: ReactNode; children?: ReactNode }) {
  const t = useText()
  return (
    <header className="flex flex-wrap items-center justify-between gap-3">
      <div className="flex min-w-0 items-center gap-3">
        <BackLink to="/campaigns" label={t('campaigns.all')} />
        <div className="min-w-0">
          <h1 className="break-words">{title}</h1>
          {under && <p className="text-meta text-ink-3">{under}</p>}
        </div>
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </header>
  )
}
