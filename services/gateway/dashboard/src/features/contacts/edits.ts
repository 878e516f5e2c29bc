import type { AttributeValue, Contact, ContactChange } from './data.ts'

/** An attribute as it stands in the form. */
export interface AttributeRow {
  /** Of the row in the form. */
  id: number
  name: string
  value: string
}

export const rowsOf = ({ attributes }: Pick<Contact, 'attributes'>): AttributeRow[] =>
  Object.entries(attributes).map(([name, value], id) => ({ id, name, value: String(value) }))

export interface Edits {
  name: string
  rows: readonly AttributeRow[]
  labels: readonly string[]
}

/** What a form changes of a contact; what it leaves as it was is left out, so that it overwrites nobody else's change. */
export function changesOf(before: Pick<Contact, 'name' | 'attributes' | 'labels'>, { name, rows, labels }: Edits): ContactChange {
  const wanted = name.trim() || null
  const attributes = attributeChanges(before.attributes, rows)
  const isSame = labels.length === before.labels.length && labels.every(label => before.labels.includes(label))
  return {
    ...(wanted !== before.name && { name: wanted }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(!isSame && { labels: [...labels] }),
  }
}

/** Changed and new attributes, and null for those that are gone. A number or yes/no that was not touched stays one. */
function attributeChanges(before: Record<string, AttributeValue>, rows: readonly AttributeRow[]) {
  const after = new Map(rows.map(({ name, value }) => [name.trim(), value]))
  const changed = [...after].filter(([name, value]) => !Object.hasOwn(before, name) || String(before[name]) !== value)
  const gone = Object.keys(before).filter(name => !after.has(name))
  return Object.fromEntries<AttributeValue | null>([...changed, ...gone.map(name => [name, null] as const)])
}
