import type { NumberCall } from '../call.ts'
import { digitsOf, listOf, objectOf } from '../params.ts'
import { conversationKey, WINDOW_MS } from '../sending/conversations.ts'
import { waIdOf } from '../sending/recipient.ts'
import type { Json } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { pageOf } from './paging.ts'
import { requireWhatsapp } from './required.ts'

const MAX_BLOCKED = 64_000

/** `GET /{phone}/block_users`. */
export function getBlocked(call: NumberCall): object {
  const { entries, paging } = pageOf(call, [...call.number.blocked], waId => waId)
  return { data: entries.map(wa_id => ({ messaging_product: 'whatsapp', wa_id })), paging }
}

/** `POST /{phone}/block_users`: blocks people who wrote within 24 h; every other one is an entry of `failed_users`. */
export function blockUsers(call: NumberCall): object {
  const { number } = call
  return change(call, 'added_users', waId => {
    if (!wroteWithinWindow(call, waId))
      return {
        code: 131047,
        message: 'Re-engagement required',
        details: 'The user has not messaged the business in the last 24 hours',
      }
    if (number.blocked.size >= MAX_BLOCKED)
      return { code: 139102, message: 'Block list limit reached', details: 'The block list is full' }
    number.blocked.add(waId)
    return null
  })
}

/** `DELETE /{phone}/block_users`. */
export function unblockUsers(call: NumberCall): object {
  return change(call, 'removed_users', waId => {
    call.number.blocked.delete(waId)
    return null
  })
}

interface Refusal {
  code: number
  message: string
  details: string
}

function change(call: NumberCall, member: string, apply: (waId: string) => Refusal | null): object {
  requireWhatsapp(call.params)
  const users = listOf(call.params.block_users).map(user => String(objectOf(user).user ?? objectOf(user).user_id ?? ''))
  if (users.length === 0) throw new GraphError(100, { details: 'The parameter block_users is required.' })
  const done: Json[] = []
  const failed_users: Json[] = []
  for (const input of users) {
    const wa_id = /[A-Z]/.test(input) ? input : waIdOf(digitsOf(input))
    const refusal = apply(wa_id)
    if (refusal === null) done.push({ input, wa_id })
    else failed_users.push({ input, wa_id, errors: [errorOf(refusal)] })
  }
  const result = {
    messaging_product: 'whatsapp',
    block_users: { [member]: done, ...(failed_users.length > 0 && { failed_users }) },
  }
  if (failed_users.length === 0) return result
  throw new GraphError(139100, { beside: result })
}

const errorOf = ({ code, message, details }: Refusal) => ({ message, code, error_data: { details } })

function wroteWithinWindow({ sim, number }: NumberCall, waId: string): boolean {
  const conversation = sim.world.conversations.get(conversationKey(number.id, waId))
  return conversation !== undefined && conversation.lastInboundAt > sim.now() - WINDOW_MS
}
