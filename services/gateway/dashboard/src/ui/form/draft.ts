import { useState } from 'react'

/** What a form changes of something that is saved at the server. */
export interface Draft<T extends object> {
  /** What the form shows: what is saved, with what was changed. */
  now: T
  /** Names of the changed fields. */
  changed: readonly (keyof T & string)[]
  set(part: Partial<T>): void
  /** Forgets changes: of the given fields, otherwise all. */
  undo(fields?: readonly (keyof T)[]): void
  /** The changed fields alone, so that a save overwrites nobody else's change of another one. */
  change(): Partial<T>
  /** The same fields as they were when the change began; a server that finds them otherwise refuses the change. */
  expected(): Partial<T>
  /** Keeps the changes although others have saved theirs: they are meant to replace these. @returns what is expected now */
  replace(current: T): Partial<T>
}

interface Edits<T> {
  own: Partial<T>
  /** What was shown when each field was changed first. */
  seen: Partial<T>
}

/** @param saved what the server has; it may change while the form is open */
export function useDraft<T extends object>(saved: T): Draft<T> {
  const [{ own, seen }, setEdits] = useState<Edits<T>>({ own: {}, seen: {} })
  const changed = namesOf(own).filter(name => !isSame(own[name], saved[name]))
  return {
    now: { ...saved, ...own },
    changed,
    set: part => setEdits(before => edited(before, part, saved)),
    undo: fields => setEdits(before => ({ own: fields ? without(before.own, fields) : {}, seen: {} })),
    change: () => pick(own, changed),
    expected: () => pick({ ...saved, ...seen }, changed),
    replace(current) {
      setEdits(before => ({ ...before, seen: pick(current, namesOf(before.own)) }))
      return pick(current, changed)
    },
  }
}

function edited<T extends object>({ own, seen }: Edits<T>, part: Partial<T>, saved: T): Edits<T> {
  const before: Partial<T> = { ...pick(saved, namesOf(part)), ...seen }
  const after: Partial<T> = { ...own, ...part }
  // A field that is as it was again is no change.
  return {
    own: without(
      after,
      namesOf(after).filter(name => isSame(after[name], before[name])),
    ),
    seen: before,
  }
}

/** Whether two values of an answer are the same; those of one answer keep their order of members. */
export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const namesOf = <T extends object>(part: Partial<T>) => Object.keys(part) as (keyof T & string)[]
const pick = <T extends object>(from: Partial<T>, names: readonly (keyof T)[]): Partial<T> =>
  Object.fromEntries(names.map(name => [name, from[name]])) as Partial<T>
const without = <T extends object>(from: Partial<T>, names: readonly (keyof T)[]): Partial<T> =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name as keyof T))) as Partial<T>
