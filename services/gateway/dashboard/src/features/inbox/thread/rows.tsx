import clsx from 'clsx'
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
  /** The part at the end, which is in sight when the conversation opens. */
  isLast: boolean
  /** Message to which Tab comes, if it is among these. */
  activeId: string | null
  onJump(messageId: string): void
}

const areSame = (a: RowsProps, b: RowsProps): boolean =>
  a.isLast === b.isLast &&
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

/** Height of a row of text with its distance to the next (px), until it has been drawn. */
const ROW_PX = 44

/**
 * A part of the rows. One that is out of sight costs nothing: the browser neither lays it out nor draws it, which matters in a
 * conversation of thousands. Its menus may stand out of it.
 */
export const Rows = memo(function Rows({ rows, isLast, activeId, onJump }: RowsProps) {
  const estimate = { containIntrinsicBlockSize: `auto ${rows.length * ROW_PX}px` }
  return (
    <ol
      className={clsx('-ms-5 space-y-[3px] ps-5 max-two:-ms-3 max-two:ps-3', !isLast && 'skipped-out-of-sight')}
      style={isLast ? undefined : estimate}
    >
      {rows.map(({ item, beginsDay, isFirst, quoted }, i) => (
        <Fragment key={idOf(item)}>
          {(beginsDay || i === 0) && <Day at={timeOf(item)} isContinued={!beginsDay} />}
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
      ))}
    </ol>
  )
}, areSame)

/**
 * Heading of a day, which stays in sight while its messages scroll.
 * @param isContinued the part before has the heading: this one takes no room, and is seen only while it stays at the edge
 */
function Day({ at, isContinued }: { at: string; isContinued: boolean }) {
  const { day } = useFormat()
  const now = useMinute()
  return (
    <li
      aria-hidden={isContinued || undefined}
      className={clsx(
        'z-sticky pointer-events-none sticky top-1 flex justify-center pe-(--margin) [overflow-anchor:none]',
        isContinued ? 'seen-while-stuck h-0 overflow-visible' : 'py-1',
      )}
    >
      <span className="h-fit rounded-full border border-line bg-raised px-3 py-0.5 text-meta text-ink-2">
        {day(at, new Date(now))}
      </span>
    </li>
  )
}
