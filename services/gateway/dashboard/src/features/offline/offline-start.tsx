import { type ReactNode, useEffect } from 'react'
import { pauseBefore } from '../../lib/api/query-client.ts'
import { useSystemState } from '../../lib/data/system-state.ts'
import { useDrafts } from '../../lib/drafts.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { cancelEntry, type OutboxEntry, useOutbox } from '../../lib/outbox/outbox.ts'
import { useLive } from '../../lib/realtime/live-store.ts'
import { restoreSession } from '../../lib/session/session.ts'
import { Button } from '../../ui/button.tsx'
import { ConnectionBadge } from '../../ui/connection-badge.tsx'
import { Tick } from '../../ui/tick.tsx'

/**
 * In place of every page that was opened without network, or while the server cannot say who this is: what is kept here of one's own,
 * and that nothing else is.
 */
export default function OfflineStart() {
  const t = useText()
  const drafts = Object.entries(useDrafts(state => state.drafts))
  const entries = useOutbox(state => state.entries)
  const isDatabaseAway = useSystemState()?.database === 'away'
  const title = t(isDatabaseAway ? 'app.unreachable.title' : 'offline.title')
  useUntilReached()
  useEffect(() => {
    document.title = `${title} · Linko`
  })
  return (
    <div className="mx-auto grid max-w-[40rem] content-start gap-5 p-5 max-two:p-3">
      <header className="flex items-center gap-3">
        <h1 className="me-auto">{title}</h1>
        <ConnectionBadge inline />
      </header>
      <p className="text-ink-2">{t(isDatabaseAway ? 'app.unreachable.database' : 'offline.text')}</p>
      {entries.length > 0 && (
        <Kept title={t('offline.waiting')}>
          {entries.map(entry => (
            <Waiting key={entry.key} entry={entry} />
          ))}
        </Kept>
      )}
      {drafts.length > 0 && (
        <Kept title={t('offline.drafts')}>
          {drafts.map(([key, text]) => (
            <li key={key} className="border-b border-line py-2">
              <Words>{text}</Words>
            </li>
          ))}
        </Kept>
      )}
      <div>
        <Button onClick={() => void restoreSession()}>{t('ui.tryAgain')}</Button>
      </div>
    </div>
  )
}

/** Asks again who is signed in, whenever the browser says that the network is back and now and then, until the server answers. */
function useUntilReached(): void {
  useEffect(() => {
    useLive.setState({ state: 'offline', since: Date.now(), behind: null })
    let isHere = true
    let failures = 0
    let timer: ReturnType<typeof setTimeout>
    const plan = () => {
      if (isHere) timer = setTimeout(ask, pauseBefore(failures++, null))
    }
    const ask = () => {
      clearTimeout(timer)
      void restoreSession().then(plan)
    }
    plan()
    window.addEventListener('online', ask)
    return () => {
      isHere = false
      clearTimeout(timer)
      window.removeEventListener('online', ask)
    }
  }, [])
}

const Kept = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="grid gap-1">
    <h2>{title}</h2>
    <ul className="border-t border-line">{children}</ul>
  </section>
)

const Words = ({ children }: { children: ReactNode }) => (
  <p dir="auto" className="min-w-0 flex-1 wrap-anywhere whitespace-pre-wrap">
    {children}
  </p>
)

/** A message that has not gone out yet. */
function Waiting({ entry: { key, preview, file, createdAt, state } }: { entry: OutboxEntry }) {
  const t = useText()
  const { time } = useFormat()
  return (
    <li className="flex items-baseline gap-3 border-b border-line py-2" data-outbox={key}>
      <Words>{preview.text ?? file?.name ?? preview.template}</Words>
      <Button kind="link" small onClick={() => cancelEntry(key)}>
        {t('ui.cancel')}
      </Button>
      <span className="flex items-center gap-1.5 self-start pt-0.5 text-meta text-ink-3">
        <span className="figures">{time(createdAt)}</span>
        <Tick state={state === 'refused' ? 'failed' : 'sending'} />
      </span>
    </li>
  )
}
