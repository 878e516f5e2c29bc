import { Types } from 'mongoose'

/** The identity of a stored row: 24 hexadecimal digits as text. */
export type Id = Types.ObjectId

const PATTERN = /^[0-9a-f]{24}$/i

/** A new id: later ones of one process are greater; those of several processes are in order by the second only. */
export const newId = (): Id => new Types.ObjectId()

/** Whether a value is an id, or the text of one. */
export const isId = (value: unknown): value is Id | string =>
  value instanceof Types.ObjectId || (typeof value === 'string' && PATTERN.test(value))

/** An id from its text; an id stays as it is. @throws TypeError for anything else: a bug, never a user's mistake */
export function toId(value: unknown): Id {
  if (value instanceof Types.ObjectId) return value
  if (isId(value)) return new Types.ObjectId(value)
  throw new TypeError(`${shown(value)} is not an id`)
}

/** Short, for values from outside may be long. */
function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 40))
    : value === null
      ? 'null'
      : `a value of type ${typeof value}`
}
