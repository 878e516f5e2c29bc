import { useRef, useState } from 'react'
import { useText } from '../../../../lib/i18n/text.tsx'
import { EMOJIS, type EmojiGroup } from './emoji.ts'
import { Panel } from './panel.tsx'

const GROUPS = Object.keys(EMOJIS) as EmojiGroup[]
const ALL = GROUPS.flatMap(group => EMOJIS[group].split(' '))

/** Emojis to put into the text. Arrows move among them; it stays open, for one seldom comes alone. */
export default function EmojiPanel({ onChoose, onClose }: { onChoose(emoji: string): void; onClose(): void }) {
  const t = useText()
  return (
    <Panel title={t('composer.emoji')} onClose={onClose}>
      <EmojiGrid onChoose={onChoose} />
    </Panel>
  )
}

export function EmojiGrid({ onChoose }: { onChoose(emoji: string): void }) {
  const t = useText()
  const [at, setAt] = useState(0)
  const grid = useRef<HTMLDivElement>(null)
  const move = (event: React.KeyboardEvent) => {
    const isRtl = document.documentElement.dir === 'rtl'
    const step = {
      ArrowRight: isRtl ? -1 : 1,
      ArrowLeft: isRtl ? 1 : -1,
      ArrowDown: 10,
      ArrowUp: -10,
      Home: -at,
      End: ALL.length,
    }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = Math.max(0, Math.min(ALL.length - 1, at + step))
    setAt(next)
    grid.current?.querySelector<HTMLElement>(`[data-at="${next}"]`)?.focus()
  }
  return (
    <div ref={grid} role="toolbar" aria-label={t('composer.emoji')} onKeyDown={move} className="max-h-44 overflow-auto">
      {GROUPS.map((group, i) => (
        <fieldset key={group} className="border-0 p-0">
          <legend className="pt-1 text-meta text-ink-3">{t(`composer.emoji.${group}`)}</legend>
          <div className="flex flex-wrap">
            {EMOJIS[group].split(' ').map((emoji, j) => {
              const place = GROUPS.slice(0, i).reduce((sum, before) => sum + EMOJIS[before].split(' ').length, j)
              return (
                <button
                  key={emoji}
                  type="button"
                  data-at={place}
                  {...(place === at && { 'data-first': true })}
                  tabIndex={place === at ? 0 : -1}
                  onFocus={() => setAt(place)}
                  onClick={() => onChoose(emoji)}
                  className="grid size-8 place-items-center rounded-2 text-head hover:bg-hover pointer-coarse:size-11"
                >
                  {emoji}
                </button>
              )
            })}
          </div>
        </fieldset>
      ))}
    </div>
  )
}
