import type { NumberCall } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { requireWhatsapp } from '../graph/required.ts'
import { isText } from '../params.ts'
import type { Recipient } from '../sending/recipient.ts'
import type { MessageType } from '../sending/shape.ts'
import type { Simulation } from '../simulation.ts'
import { emitForNumber } from '../webhooks/emit.ts'
import type { Group, Json, PhoneNumber, Template, World } from '../world/world.ts'

const MAX_SUBJECT = 128
const MAX_DESCRIPTION = 2048
/** Types that a group does not take, beside authentication templates. */
const NOT_IN_GROUPS = new Set<MessageType>(['interactive', 'reaction', 'contacts', 'location'])

/** `POST /{phone}/groups`: answers a request id; the group itself comes by webhook. */
export function createGroup({ sim, number, params }: NumberCall): object {
  requireWhatsapp(params)
  const { subject, description = '' } = params
  if (!isText(subject) || subject === '' || subject.length > MAX_SUBJECT)
    throw new GraphError(100, { details: `Param subject must have 1 to ${MAX_SUBJECT} characters.` })
  if (!isText(description) || description.length > MAX_DESCRIPTION)
    throw new GraphError(100, { details: `Param description must be at most ${MAX_DESCRIPTION} characters long.` })
  const request_id = sim.id().replaceAll('-', '')
  const group = addGroup(sim.world, { phoneNumberId: number.id, subject })
  emitGroup(sim, number, 'group_lifecycle_update', {
    group_id: group.id,
    type: 'group_create',
    request_id,
    subject,
    ...(description !== '' && { description }),
    invite_link: `https://chat.whatsapp.com/${group.id.slice(-12)}`,
    join_approval_mode: 'auto_approve',
  })
  return { messaging_product: 'whatsapp', request_id }
}

/** Adds a group of a number. Ids look like Meta's, of which nothing can be read. */
export function addGroup(world: World, group: Partial<Group> & { phoneNumberId: string }): Group {
  const seed = `${group.phoneNumberId}:${world.groups.size}:${Math.random()}`
  const id = `Y2FwaV9ncm91cDo${Buffer.from(seed).toString('base64url').slice(0, 24)}`
  const added: Group = { id, subject: 'Group', participants: [], isSuspended: false, ...group }
  world.groups.set(added.id, added)
  return added
}

/** Suspends a group, or ends that, as Meta tells it. */
export function suspendGroup(sim: Simulation, id: string, isSuspended: boolean): { success: true } {
  const group = sim.world.groups.get(id)
  const number = group && sim.world.numbers.get(group.phoneNumberId)
  if (!group || !number) throw new Error(`${id} is not a group of this simulator.`)
  group.isSuspended = isSuspended
  emitGroup(sim, number, 'group_status_update', { group_id: id, type: isSuspended ? 'group_suspend' : 'group_suspend_cleared' })
  return { success: true }
}

function emitGroup(sim: Simulation, number: PhoneNumber, field: string, fact: Json): void {
  const groups = [{ timestamp: Math.floor(sim.now() / 1000), ...fact }]
  emitForNumber(sim, number, field, { groups }, [{ kind: field, id: null, status: String(fact.type) }])
}

/**
 * The group that a message goes to.
 * @throws GraphError 131041 unknown group, 131207 suspended, 131020 nobody else in it
 */
export function groupRecipient(body: Json, number: PhoneNumber, world: World): Recipient {
  const input = String(body.to ?? '')
  const group = world.groups.get(input)
  if (group === undefined || group.phoneNumberId !== number.id) throw new GraphError(131041)
  if (group.isSuspended) throw new GraphError(131207)
  if (group.participants.length === 0) throw new GraphError(131020)
  return { input, to: input, waId: input, userId: null, key: `group:${input}`, person: undefined, groupId: input }
}

/** @throws GraphError 131051 for what a group does not take */
export function checkForGroup(type: MessageType, template: Template | null): void {
  if (NOT_IN_GROUPS.has(type) || template?.category === 'AUTHENTICATION') throw new GraphError(131051)
}
