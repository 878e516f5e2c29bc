import type { FileColumn, Mapping, Template } from '../data.ts'

/** What stands where: names of columns, '' for none. */
export interface Mapped {
  to: string
  name: string
  headerMedia: string
  variables: Record<string, Value>
}

/** A variable: out of a column, or the same for everybody. */
export type Value = { column: string } | { text: string }

const PHONES = /phone|mobile|t[eé]l|whatsapp|gsm|num[eé]ro|هاتف|جوال|^to$/i
const NAMES = /^(full ?)?name$|^nom|^pr[eé]nom|first ?name|الاسم/i

const plain = (text: string) => text.trim().toLowerCase()

/** The columns that their names suggest. Whoever imports looks at them, and says what is otherwise. */
export function guessColumns({ variables }: Pick<Template, 'variables'>, columns: readonly FileColumn[]): Mapped {
  const named = (pattern: RegExp) => columns.find(({ name }) => pattern.test(name.trim()))?.name ?? ''
  const to = columns.find(({ samples }) => samples.some(sample => /^\+?[\d\s().-]{8,}$/.test(sample)))?.name
  const rest = columns.filter(({ name }) => name !== (named(PHONES) || to))
  const columnFor = (variable: string): Value => {
    const same = columns.find(({ name }) => plain(name) === plain(variable))
    return { column: same?.name ?? (variables.length === 1 ? named(NAMES) : '') }
  }
  return {
    to: named(PHONES) || to || '',
    name: rest.find(({ name }) => NAMES.test(name.trim()))?.name ?? '',
    headerMedia: '',
    variables: Object.fromEntries(variables.map(({ name }) => [name, columnFor(name)])),
  }
}

/** The same as the API takes it: columns, and the values that are the same for everybody. */
export function mappedColumns({ to, name, headerMedia, variables }: Mapped): Mapping {
  const columns: Record<string, string> = {}
  const fixed: Record<string, string> = {}
  for (const [variable, value] of Object.entries(variables)) {
    if ('text' in value) fixed[variable] = value.text
    else if (value.column !== '') columns[variable] = value.column
  }
  return { columns: { to, name: name || null, headerMedia: headerMedia || null, variables: columns }, variables: fixed }
}
