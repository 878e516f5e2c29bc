/** Facts that a quick reply may name. */
export interface QuickReplyFacts {
  contact: { name: string | null; phone: string | null; username: string | null }
  agent: { name: string }
  candidate: { name: string | null }
}

/** Names of the facts, as a quick reply writes them: `{{contact.name}}`. */
export const QUICK_REPLY_VARIABLES = [
  'contact.name',
  'contact.firstName',
  'contact.phone',
  'contact.username',
  'agent.name',
  'agent.firstName',
  'candidate.name',
] as const
export type QuickReplyVariable = (typeof QUICK_REPLY_VARIABLES)[number]

const PLACE = /\{\{\s*([\w.]+)\s*\}\}/g

/** The names in double braces of a text that are no variables. */
export function unknownVariables(text: string): string[] {
  const names = [...text.matchAll(PLACE)].map(([, name]) => name as string)
  return [...new Set(names.filter(name => !(QUICK_REPLY_VARIABLES as readonly string[]).includes(name)))]
}

/** The text with its variables filled in. A fact that is not known stays as it is written and is named in `missing`. */
export function fillQuickReply(text: string, facts: QuickReplyFacts): { text: string; missing: string[] } {
  const missing = new Set<string>()
  const filled = text.replace(PLACE, (place, name: string) => {
    const value = factOf(name as QuickReplyVariable, facts)
    if (value) return value
    missing.add(name)
    return place
  })
  return { text: filled, missing: [...missing] }
}

function factOf(name: QuickReplyVariable, { contact, agent, candidate }: QuickReplyFacts): string | null {
  switch (name) {
    case 'contact.name':
      return contact.name
    case 'contact.firstName':
      return firstOf(contact.name)
    case 'contact.phone':
      return contact.phone
    case 'contact.username':
      return contact.username
    case 'agent.name':
      return agent.name
    case 'agent.firstName':
      return firstOf(agent.name)
    case 'candidate.name':
      return candidate.name ?? contact.name
    default:
      return null
  }
}

const firstOf = (name: string | null): string | null => name?.trim().split(/\s+/)[0] || null
