import { useState } from 'react'
import { useFormat } from '../../../../lib/i18n/format.ts'
import { Text, useText } from '../../../../lib/i18n/text.tsx'
import { Button } from '../../../../ui/button.tsx'
import { Field, Input } from '../../../../ui/field.tsx'
import { Icon, LaterIcon, TemplatesIcon } from '../../../../ui/icons.tsx'
import type { ComposerState } from '../state.ts'
import { localText, presetsAt, timeIn } from './later.ts'
import { Panel } from './panel.tsx'

interface LaterPanelProps {
  /** Null: what is sent needs no window. */
  windowExpiresAt: string | null
  fallback: ComposerState['fallback']
  /** Whether there is something to send. */
  canSend: boolean
  onChoose(sendAt: string): void
  onFallback?(): void
  onClose(): void
}

/** When it shall go out. Behind the end of the window it says what happens then, and offers a template that goes out instead. */
export default function LaterPanel({ windowExpiresAt, fallback, canSend, onChoose, onFallback, onClose }: LaterPanelProps) {
  const t = useText()
  const { full } = useFormat()
  const [now] = useState(() => new Date())
  const [text, setText] = useState(() => localText(new Date(now.getTime() + 7_200_000)))
  const at = timeIn(text, now)
  const presets = presetsAt(now)
  const isBeyond = (time: Date) => windowExpiresAt !== null && time.getTime() >= Date.parse(windowExpiresAt)
  const choose = (time: Date) => {
    if (isBeyond(time) && fallback === null) setText(localText(time))
    else onChoose(time.toISOString())
  }
  return (
    <Panel title={t('composer.later')} onClose={onClose}>
      <div className="flex flex-wrap gap-2 py-2">
        {presets.map(preset => (
          <Button key={preset.id} disabled={!canSend} onClick={() => choose(preset.at)}>
            {t(`composer.later.${preset.id}`)}
          </Button>
        ))}
      </div>
      <div className="flex flex-wrap items-end gap-2">
        <Field label={t('composer.later.at')} problem={at === null && t('composer.later.wrong')}>
          {ids => (
            <Input
              {...ids}
              type="datetime-local"
              value={text}
              min={localText(now)}
              onChange={event => setText(event.target.value)}
              className="w-56"
            />
          )}
        </Field>
        <Button
          icon={LaterIcon}
          disabled={!canSend || at === null || (isBeyond(at) && fallback === null)}
          onClick={() => at && onChoose(at.toISOString())}
        >
          {t('composer.later.schedule')}
        </Button>
      </div>
      {!canSend && <p className="pt-2 text-ui text-ink-2">{t('composer.later.empty')}</p>}
      {at && isBeyond(at) && windowExpiresAt && (
        <div className="mt-2 flex flex-wrap items-center gap-2 rounded-2 bg-time-soft px-3 py-2 text-ui text-time">
          <Icon of={LaterIcon} />
          <p className="min-w-48 flex-1">
            {fallback ? (
              <Text id="composer.later.instead" values={{ at: full(windowExpiresAt), name: fallback.name }} />
            ) : (
              <Text id="composer.later.beyond" values={{ at: full(windowExpiresAt) }} />
            )}
          </p>
          {!fallback && (
            <>
              <Button icon={TemplatesIcon} onClick={onFallback}>
                {t('composer.later.fallback')}
              </Button>
              <Button kind="quiet" disabled={!canSend} onClick={() => onChoose(at.toISOString())}>
                {t('composer.later.anyway')}
              </Button>
            </>
          )}
        </div>
      )}
    </Panel>
  )
}
