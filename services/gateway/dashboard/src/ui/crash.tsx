import { Component, type ReactNode } from 'react'
import { Text, useText } from '../lib/i18n/text.tsx'
import { Button } from './button.tsx'
import { FailIcon, Icon } from './icons.tsx'

interface CrashState {
  error: Error | null
  id: string
}

/** Holds a crash within one pane: the others live on, drafts are kept. */
export class CrashBoundary extends Component<{ children: ReactNode }, CrashState> {
  override state: CrashState = { error: null, id: '' }

  static getDerivedStateFromError(error: Error): CrashState {
    return { error, id: crypto.randomUUID().slice(0, 8) }
  }

  override componentDidCatch(error: Error): void {
    // For whoever looks into the console with the report's id at hand.
    console.error(`crash ${this.state.id}`, error)
  }

  override render(): ReactNode {
    const { error, id } = this.state
    if (error === null) return this.props.children
    return <Crash id={id} onRetry={() => this.setState({ error: null, id: '' })} />
  }
}

/** A page that failed. */
export const CrashPage = ({ reset }: { reset(): void }) => <Crash id="" onRetry={reset} />

function Crash({ id, onRetry }: { id: string; onRetry(): void }) {
  const t = useText()
  return (
    <div role="alert" className="grid justify-items-center gap-2 px-6 py-12 text-center">
      <Icon of={FailIcon} size={24} className="text-fail" />
      <h2>{t('ui.crash.title')}</h2>
      <p className="max-w-96 text-ink-2">{t('ui.crash.text')}</p>
      {id && (
        <p className="text-meta text-ink-3">
          <Text
            id="ui.crash.id"
            values={{
              id: (
                <bdi dir="ltr" className="font-mono">
                  {id}
                </bdi>
              ),
            }}
          />
        </p>
      )}
      <div className="mt-2 flex gap-2">
        <Button onClick={onRetry}>{t('ui.tryAgain')}</Button>
        <Button kind="quiet" onClick={() => location.reload()}>
          {t('ui.reload')}
        </Button>
      </div>
    </div>
  )
}
