import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useSystemState } from '../lib/data/system-state.ts'
import { useText } from '../lib/i18n/text.tsx'
import { NOTHING_OPEN } from '../lib/routes.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { OfflineIcon, SearchIcon } from '../ui/icons.tsx'
import { Empty } from '../ui/states.tsx'

/** No page at this address, or none that this person may know of. */
export function NotFound() {
  const t = useText()
  return (
    <Empty
      icon={SearchIcon}
      title={t('app.notFound.title')}
      text={t('app.notFound.text')}
      action={
        <Link to="/inbox/{-$conversationId}" params={NOTHING_OPEN} className={buttonClass({})}>
          {t('app.toInbox')}
        </Link>
      }
    />
  )
}

/** The server does not answer while the page is opened, or cannot say who this is. It opens by itself once the database is back. */
export function Unreachable({ onRetry }: { onRetry(): void }) {
  const t = useText()
  const database = useSystemState()?.database
  const wasAway = useRef(false)
  useEffect(() => {
    if (database === 'away') wasAway.current = true
    else if (database === 'ready' && wasAway.current) onRetry()
  }, [database, onRetry])
  return (
    <main className="grid h-full place-content-center">
      <Empty
        icon={OfflineIcon}
        title={t('app.unreachable.title')}
        text={t(database === 'away' ? 'app.unreachable.database' : 'app.unreachable.text')}
        action={<Button onClick={onRetry}>{t('ui.tryAgain')}</Button>}
      />
    </main>
  )
}
