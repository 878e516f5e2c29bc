import { Fragment, memo } from 'react'
import type { MessageView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { beginsGroup } from '../message/groups.ts'
import { MessageRow } from '../message/message-row.tsx'
import { NoteRow } from '../message/note-row.tsx'
import { type Item, idOf, timeOf } from './items.ts'

/** An item, and what its neighbours say about it. */
export interface Row {
  item: Item
  beginsDay: boolean
  isFirst: boolean
  quoted: MessageView | null
}

/** @param items in their order */
export function rowsOf(items: readonly Item[]): Row[] {
  const byId = new Map(items.flatMap(item => (item.kind === 'message' ? [[item.message.id, item.message] as const] : [])))
  return items.map((item, i) => ({
    item,
    beginsDay: dayOf(item) !== dayOf(items[i - 1]),
    isFirst: item.kind === 'message' && beginsGroup(item.message, messageOf(items[i - 1])),
    quoted: quotedOf(item, byId),
  }))
}

/** Days by content: they are compared for all rows whenever one comes. */
const days = new WeakMap<object, string>()

function dayOf(item: Item | undefined): string | undefined {
  if (item === undefined) return undefined
  const content = contentOf(item)
  const day = days.get(content) ?? new Date(timeOf(item)).toDateString()
  days.set(content, day)
  return day
}

const messageOf = (item: Item | undefined) => (item?.kind === 'message' ? item.message : undefined)

function quotedOf(item: Item, byId: ReadonlyMap<string, MessageView>): MessageView | null {
  const id = messageOf(item)?.replyTo?.messageId
  return (id && byId.get(id)) || null
}

/**
 * Parts of the rows that change together: each begins with a message that begins a loaded page. A message that comes changes the last
 * part, and an older page adds one, so that the others need not be drawn anew.
 */
export function partsOf(rows: readonly Row[], begins: ReadonlySet<string>): Row[][] {
  const parts: Row[][] = []
  for (const row of rows) {
    const last = parts.at(-1)
    if (last === undefined || begins.has(idOf(row.item))) parts.push([row])
    else last.push(row)
  }
  return parts
}

interface RowsProps {
  rows: Row[]
  /** Message to which Tab comes, if it is among these. */
  activeId: string | null
  onJump(messageId: string): void
}

const areSame = (a: RowsProps, b: RowsProps): boolean =>
  a.activeId === b.activeId &&
  a.onJump === b.onJump &&
  a.rows.length === b.rows.length &&
  a.rows.every((row, i) => isSame(row, b.rows[i]))

const isSame = (a: Row, b: Row | undefined): boolean =>
  b !== undefined &&
  contentOf(a.item) === contentOf(b.item) &&
  a.beginsDay === b.beginsDay &&
  a.isFirst === b.isFirst &&
  a.quoted === b.quoted

const contentOf = (item: Item) => (item.kind === 'message' ? item.message : item.note)

export const Rows = memo(function Rows({ rows, activeId, onJump }: RowsProps) {
  return rows.map(({ item, beginsDay, isFirst, quoted }) => (
    <Fragment key={idOf(item)}>
      {beginsDay && <Day at={timeOf(item)} />}
      {item.kind === 'note' ? (
        <NoteRow note={item.note} />
      ) : (
        <MessageRow
          message={item.message}
          isFirst={isFirst}
          quoted={quoted}
          onJump={onJump}
          isActive={item.message.id === activeId}
        />
      )}
    </Fragment>
  ))
}, areSame)

/** Heading of a day, which stays in sight while its messages scroll. */
function Day({ at }: { at: string }) {
  const { day } = useFormat()
  const now = useMinute()
  return (
    <li className="z-sticky pointer-events-none sticky top-1 flex justify-center py-1 pe-(--margin)">
      <span className="rounded-full border border-line bg-raised px-3 py-0.5 text-meta text-ink-2">{day(at, new Date(now))}</span>
    </li>
  )
}
