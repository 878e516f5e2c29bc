import { create } from 'zustand'

export interface Selection {
  /** Whether rows show their boxes. */
  isOn: boolean
  ids: ReadonlySet<string>
  /** The row from which Shift goes on. */
  from: string | null
}

const NONE: Selection = { isOn: false, ids: new Set(), from: null }

/** Which conversations are selected in the list, to be changed together. */
export const useSelection = create<Selection>(() => NONE)

export const beginSelection = (): void => useSelection.setState({ isOn: true })
export const endSelection = (): void => useSelection.setState(NONE)

/** Selects a row or takes it out; with `range`, all rows between it and the last one too. `shown`: the list in its order. */
export const toggle = (id: string, range: boolean, shown: readonly string[]): void =>
  useSelection.setState(state => toggled(state, id, range, shown))

export const selectAll = (shown: readonly string[]): void =>
  useSelection.setState({ isOn: true, ids: new Set(shown), from: shown[0] ?? null })

export function toggled({ ids, from }: Selection, id: string, range: boolean, shown: readonly string[]): Selection {
  const next = new Set(ids)
  const [a, b] = [from === null ? -1 : shown.indexOf(from), shown.indexOf(id)]
  if (range && a >= 0 && b >= 0) {
    for (const between of shown.slice(Math.min(a, b), Math.max(a, b) + 1)) next.add(between)
    return { isOn: true, ids: next, from: id }
  }
  if (next.has(id)) next.delete(id)
  else next.add(id)
  return { isOn: next.size > 0, ids: next, from: id }
}

/** What is selected and still in the list: what has left it is changed no more. */
export const selectedRows = <Row extends { id: string }>({ ids }: Selection, rows: readonly Row[]): Row[] =>
  rows.filter(({ id }) => ids.has(id))
