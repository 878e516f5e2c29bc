/** Row of an audience from any source: cells by the lower-case names of the columns that a campaign reads. */
export type AudienceRecord = Record<string, string>

export interface AudienceColumns {
  to: string
  name: string | null
  headerMedia: string | null
  variables: Record<string, string>
}

export interface JsonRecipient {
  to: string
  name?: string | null | undefined
  variables?: Record<string, string> | undefined
  headerMedia?: string | null | undefined
}

/** Row for an entry of a JSON list, under the columns that the campaign reads. */
export function recipientRecord(
  columns: AudienceColumns,
  { to, name, variables = {}, headerMedia }: JsonRecipient,
): AudienceRecord {
  const cells: [string | null, string | null | undefined][] = [
    ...Object.entries(variables).map(([variable, value]): [string, string] => [columns.variables[variable] ?? variable, value]),
    [columns.name, name],
    [columns.headerMedia, headerMedia],
    [columns.to, to],
  ]
  return Object.fromEntries(
    cells.flatMap(([column, value]): [string, string][] => (column && value ? [[column.toLowerCase(), value]] : [])),
  )
}

interface Person {
  waId: string | null
  userId: string | null
  name: string | null
  attributes: object
}

/** Row for a contact, with `name`, `phone` and the attributes as columns. */
export function contactRecord(columns: AudienceColumns, { waId, userId, name, attributes }: Person): AudienceRecord {
  const to = waId ? `+${waId}` : (userId ?? '')
  const cells = Object.entries({ ...attributes, name: name ?? '', phone: to })
  const record = Object.fromEntries(cells.map(([key, value]) => [key.toLowerCase(), String(value ?? '')]))
  return { ...record, [columns.to.toLowerCase()]: to }
}
