import type { ReactNode } from 'react'
import { Problem } from '../lib/api/problem.ts'
import { Text, useText } from '../lib/i18n/text.tsx'
import { Button } from './button.tsx'
import { FailIcon, Icon, SearchIcon, type TablerIcon } from './icons.tsx'

/** Why there is nothing, and the one thing to do. */
export function Empty({
  icon,
  title,
  text,
  action,
}: {
  icon?: TablerIcon
  title: ReactNode
  text?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="grid justify-items-center gap-2 px-6 py-10 text-center">
      {icon && <Icon of={icon} size={24} className="text-ink-3" />}
      <h2>{title}</h2>
      {text && <p className="max-w-80 text-ink-2">{text}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  )
}

/** What could not be loaded, and how to try again; old data stays below it. What is not there, or is another account's, is not tried again. */
export function ErrorRow({ error, children, onRetry }: { error: unknown; children: ReactNode; onRetry(): void }) {
  const t = useText()
  if (error instanceof Problem && error.status === 404)
    return (
      <div role="alert">
        <Empty icon={SearchIcon} title={t('ui.missing')} text={t('ui.missing.text')} />
      </div>
    )
  const requestId = error instanceof Problem ? error.requestId : null
  return (
    <div role="alert" className="flex items-center gap-3 border-b border-line bg-fail-soft px-3 py-2">
      <Icon of={FailIcon} className="text-fail" />
      <div className="min-w-0 flex-1">
        <p>{children}</p>
        {requestId && (
          <p className="text-meta text-ink-2">
            <Text
              id="ui.requestId"
              values={{
                id: (
                  <bdi dir="ltr" className="font-mono">
                    {requestId}
                  </bdi>
                ),
              }}
            />
          </p>
        )}
      </div>
      <Button small onClick={onRetry}>
        {t('ui.tryAgain')}
      </Button>
    </div>
  )
}

/** Place of a text that is on its way. */
export function Bone({ width, height = '0.75rem' }: { width: string; height?: string }) {
  return <span className="pulsing inline-block rounded-1 bg-line" style={{ inlineSize: width, blockSize: height }} />
}

/** Rows of a list that has not come yet. */
export const ListBones = ({ height = '2.5rem' }: { height?: string }) => (
  <div className="grid gap-4" aria-busy="true">
    {['60%', '45%', '52%'].map(width => (
      <Bone key={width} width={width} height={height} />
    ))}
  </div>
)
