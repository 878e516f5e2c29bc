import { HEADER_NAMES } from './slots.ts'

/** Facts about a recipient, by the names of the variables that they fill; numbered body variables take them in this order. */
export const FACTS = ['candidateName', 'jobTitle', 'companyName'] as const
export type Facts = Readonly<Partial<Record<(typeof FACTS)[number], string | undefined>>>

interface Slot {
  name: string
  position: number
  component: string
}

/**
 * Variables of a template: the given ones, and the facts for those that are left out. Synced templates number theirs: the
 * first one of the body is the candidate's name, the second the job, the third the company.
 */
export function withFacts(
  variables: readonly Slot[],
  given: Readonly<Record<string, string>>,
  facts: Facts,
): Record<string, string> {
  const known = variables.flatMap((variable): [string, string][] => {
    const fact = factFor(variable)
    const value = fact && facts[fact]
    const names = isBody(variable) ? [variable.name, String(variable.position)] : [variable.name, ...HEADER_NAMES]
    return value === undefined || names.some(name => Object.hasOwn(given, name)) ? [] : [[variable.name, value]]
  })
  return { ...Object.fromEntries(known), ...given }
}

function factFor(variable: Slot): (typeof FACTS)[number] | undefined {
  if (isBody(variable) && /^\d+$/.test(variable.name)) return FACTS[variable.position - 1]
  return FACTS.find(fact => plain(fact) === plain(variable.name))
}

/** A name in lower case without separators, so that `candidate_name` equals `candidateName`. */
const plain = (name: string) => name.replace(/[^A-Za-z0-9]/g, '').toLowerCase()

const isBody = ({ component }: Slot) => component.toUpperCase() === 'BODY'
