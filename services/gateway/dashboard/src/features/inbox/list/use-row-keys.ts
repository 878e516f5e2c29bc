import type { KeyboardEvent } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { nameOf } from '../../../lib/data/contact-name.ts'

interface RowKeys {
  rows: ConversationView[]
  /** The row that has the one tab stop. */
  at: string | null
  scrollTo(index: number): void
  onMove(id: string): void
}

const PAGE = 8
const TYPED_MS = 700
let typed = { text: '', at: 0 }

/** Arrows, Home, End, page keys and the beginning of a name move the focus between rows. */
export function useRowKeys({ rows, at, scrollTo, onMove }: RowKeys): (event: KeyboardEvent) => void {
  return event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const index = rows.findIndex(({ id }) => id === at)
    const next = targetOf(event.key, index, rows)
    const row = next === null ? undefined : rows[next]
    if (next === null || row === undefined) return
    event.preventDefault()
    scrollTo(next)
    onMove(row.id)
    // After the row has been drawn.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-conversation="${row.id}"]`)?.focus())
  }
}

function targetOf(key: string, index: number, rows: ConversationView[]): number | null {
  const last = rows.length - 1
  const steps: Record<string, number> = {
    ArrowDown: Math.min(last, index + 1),
    ArrowUp: Math.max(0, index - 1),
    Home: 0,
    End: last,
    PageDown: Math.min(last, index + PAGE),
    PageUp: Math.max(0, index - PAGE),
  }
  return steps[key] ?? (/^\p{L}$/u.test(key) ? startingWith(key, rows) : null)
}

/** The first row whose name begins with what was typed in quick succession; a single letter is left to the shortcuts. */
function startingWith(letter: string, rows: ConversationView[]): number | null {
  const now = Date.now()
  const text = (now - typed.at < TYPED_MS ? typed.text : '') + letter.toLocaleLowerCase()
  typed = { text, at: now }
  if (text.length < 2) return null
  const found = rows.findIndex(row => nameOf(row).text?.toLocaleLowerCase().startsWith(text))
  return found < 0 ? null : found
}
