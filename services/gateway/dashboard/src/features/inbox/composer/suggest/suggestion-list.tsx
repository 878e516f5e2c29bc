import clsx from 'clsx'
import { type ReactNode, useEffect, useState } from 'react'
import type { SuggestionProps } from '../writing.tsx'

interface SuggestionListProps<Item> extends Pick<SuggestionProps, 'id' | 'keys' | 'onMark' | 'onClose'> {
  label: string
  items: readonly Item[]
  keyOf(item: Item): string
  show(item: Item): ReactNode
  onChoose(item: Item): void
  /** What is said when nothing fits. */
  none: ReactNode
}

/** Rows that float above the text field, so that nothing moves when they go. The focus stays in the field: arrows mark, Enter or Tab takes, Esc closes. */
export function SuggestionList<Item>(props: SuggestionListProps<Item>) {
  const { id, keys, onMark, onClose, label, items, keyOf, show, onChoose, none } = props
  const [given, setMarked] = useState(0)
  const marked = Math.min(given, Math.max(0, items.length - 1))
  const item = items[marked]
  const rowId = (one: Item) => `${id}-${keyOf(one)}`
  const markedId = item === undefined ? null : rowId(item)
  useEffect(() => {
    onMark(markedId)
    return () => onMark(null)
  }, [markedId, onMark])
  keys.current = event => {
    if (event.key === 'Escape') onClose()
    else if (items.length === 0) return false
    else if (event.key === 'ArrowDown') setMarked((marked + 1) % items.length)
    else if (event.key === 'ArrowUp') setMarked((marked - 1 + items.length) % items.length)
    else if ((event.key === 'Enter' || event.key === 'Tab') && item !== undefined && !event.shiftKey) onChoose(item)
    else return false
    return true
  }
  useEffect(
    () => () => {
      keys.current = null
    },
    [keys],
  )
  return (
    <div className="absolute inset-x-2 bottom-full z-popover rounded-3 bg-raised text-ink shadow-2">
      {items.length === 0 && <p className="px-5 py-2 text-ink-2">{none}</p>}
      <div id={id} role="listbox" aria-label={label} className="max-h-56 overflow-auto p-1">
        {items.map((one, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text field, which names the marked row
          // biome-ignore lint/a11y/useKeyWithClickEvents: its keys are heard in the text field
          <div
            key={keyOf(one)}
            id={rowId(one)}
            role="option"
            aria-selected={i === marked}
            // The field would lose the focus first.
            onMouseDown={event => event.preventDefault()}
            onMouseMove={() => setMarked(i)}
            onClick={() => onChoose(one)}
            ref={row => {
              if (row && i === marked) row.scrollIntoView?.({ block: 'nearest' })
            }}
            className={clsx(
              'flex min-h-9 cursor-default items-center gap-2.5 rounded-2 px-3 py-1 pointer-coarse:min-h-11',
              i === marked && 'bg-brand-soft',
            )}
          >
            {show(one)}
          </div>
        ))}
      </div>
    </div>
  )
}
