/**
 * The shape of an answer: names and types of its members, and the values on which a client branches. Lists keep the shape
 * of each entry.
 */
export function shapeOf(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map(entry => shapeOf(entry, name))
  if (typeof value !== 'object' || value === null) return isDecisive(name, value) ? value : kindOf(value, name)
  const members = Object.entries(value).map(([member, inner]) => [member, shapeOf(inner, member)])
  return Object.fromEntries(members.sort(([a], [b]) => String(a).localeCompare(String(b))))
}

/** Members on whose values clients branch. */
const DECISIVE = new Set([
  'code',
  'error_subcode',
  'type',
  'is_transient',
  'message_status',
  'messaging_product',
  'can_send_message',
  'entity_type',
  'error_code',
  'input',
  'wa_id',
  'success',
  'token_type',
  'is_valid',
  'subcode',
  'scope',
  'scopes',
  'target_ids',
])

/** The code of an error is a number; that of a short link is a text, and another one each time. */
const isDecisive = (name: string, value: unknown) => DECISIVE.has(name) && !(name === 'code' && typeof value === 'string')

function kindOf(value: unknown, name: string): string {
  if (name === 'id' && typeof value === 'string' && value.startsWith('wamid.')) return 'wamid'
  return value === null ? 'null' : typeof value
}
