import { type ReactNode, type RefObject, Suspense, useEffect, useId, useRef, useState } from 'react'
import { setDraft, useDrafts } from '../../../lib/drafts.ts'
import { usePreferences } from '../../../lib/preferences.ts'

/** What a list of suggestions is given, and how it hears the keys of the text field that it belongs to. */
export interface SuggestionProps {
  /** What was typed behind the sign. */
  query: string
  id: string
  /** Puts a text in the place of sign and query. */
  onChoose(text: string): void
  onClose(): void
  /** Set by the list: whether it took a key. */
  keys: RefObject<((event: React.KeyboardEvent) => boolean) | null>
  /** Told by the list: the id of the row that is marked. */
  onMark(id: string | null): void
}

interface WritingProps {
  draftKey: string
  label: string
  hint: string
  /** Opens suggestions when it begins a word: `/`, `@`. */
  sign: '/' | '@'
  suggestions(props: SuggestionProps): ReactNode
  onSend(): void
  onChange?(text: string): void
  onPaste?(event: React.ClipboardEvent): void
  /** In an empty field. */
  onArrowUp?(): void
  area: RefObject<HTMLTextAreaElement | null>
}

/** The field that one writes in: grows to eight lines, keeps its draft, and suggests behind a sign. */
export function Writing(props: WritingProps) {
  const { draftKey, label, hint, sign, suggestions, onSend, onChange, onPaste, onArrowUp, area } = props
  const text = useDrafts(({ drafts }) => drafts[draftKey] ?? '')
  const enterSends = usePreferences(state => state.enterSends)
  const list = useSuggestions(area, draftKey, sign)
  useEffect(() => {
    if (window.matchMedia('(pointer: fine)').matches) area.current?.focus({ preventScroll: true })
  }, [area])
  const change = (next: string) => {
    setDraft(draftKey, next)
    onChange?.(next)
    list.look()
  }
  return (
    <div className="relative">
      {list.open && <Suspense fallback={null}>{suggestions(list.props)}</Suspense>}
      <textarea
        ref={area}
        dir={text ? 'auto' : undefined}
        rows={2}
        aria-label={label}
        placeholder={hint}
        value={text}
        aria-autocomplete="list"
        {...(list.open && { 'aria-controls': list.props.id, 'aria-activedescendant': list.marked ?? undefined })}
        onChange={event => change(event.target.value)}
        onPaste={onPaste}
        onBlur={() => list.props.onClose()}
        onKeyDown={event => {
          if (event.nativeEvent.isComposing) return
          if (list.open && list.props.keys.current?.(event)) {
            event.preventDefault()
            event.stopPropagation()
            return
          }
          if (event.key === 'ArrowUp' && text === '' && onArrowUp) {
            event.preventDefault()
            onArrowUp()
          }
          if (event.key !== 'Enter') return
          if (event.ctrlKey || event.metaKey || (enterSends && !event.shiftKey)) {
            event.preventDefault()
            onSend()
          }
        }}
        className="field-sizing-content block max-h-48 min-h-16 w-full resize-none bg-transparent px-5 pt-2 text-text outline-none max-two:px-4"
      />
    </div>
  )
}

const TOKENS = {
  '/': /(?:^|\s)\/([\p{L}\p{N}_-]*)$/u,
  '@': /(?:^|[^\p{L}\p{N}@])@([\p{L}\p{N}][\p{L}\p{N} '’-]{0,40}|)$/u,
} as const

/** What is being typed behind the sign before the cursor; null when there is no sign. */
export const tokenBefore = (text: string, sign: '/' | '@'): string | null => TOKENS[sign].exec(text)?.[1] ?? null

function useSuggestions(area: RefObject<HTMLTextAreaElement | null>, draftKey: string, sign: '/' | '@') {
  const [query, setQuery] = useState<string | null>(null)
  const [marked, setMarked] = useState<string | null>(null)
  const keys = useRef<((event: React.KeyboardEvent) => boolean) | null>(null)
  const id = useId()
  const before = () => area.current?.value.slice(0, area.current.selectionEnd) ?? ''
  const props: SuggestionProps = {
    query: query ?? '',
    id,
    keys,
    onMark: setMarked,
    onClose: () => setQuery(null),
    onChoose(text) {
      const at = before()
      const token = tokenBefore(at, sign)
      const start = token === null ? at.length : at.length - token.length - 1
      insertAt(area.current, draftKey, { from: start, to: at.length, text })
      setQuery(null)
    },
  }
  return { open: query !== null, marked, props, look: () => setQuery(tokenBefore(before(), sign)) }
}

/** Puts a text into a field in place of a part of it, and the cursor behind it. */
export function insertAt(
  area: HTMLTextAreaElement | null,
  draftKey: string,
  { from, to, text }: { from: number; to: number; text: string },
): void {
  if (area === null) return
  const { value } = area
  setDraft(draftKey, value.slice(0, from) + text + value.slice(to))
  requestAnimationFrame(() => {
    area.focus()
    area.setSelectionRange(from + text.length, from + text.length)
  })
}
