import type { Simulation } from '../simulation.ts'
import type { Json, PhoneNumber, Template, Waba } from '../world/world.ts'

type Can = 'AVAILABLE' | 'LIMITED' | 'BLOCKED'
interface Entity {
  entity_type: string
  id: string
  can_send_message: Can
  errors?: Json[]
  additional_info?: string[]
}

/** `health_status` of a number: the worst state of number, WABA, portfolio and app. */
export function numberHealth(sim: Simulation, number: PhoneNumber) {
  const waba = sim.world.wabas.get(number.wabaId) as Waba
  return overall([
    numberEntity(number),
    wabaEntity(waba),
    available('BUSINESS', waba.portfolioId),
    available('APP', sim.world.app.id),
  ])
}

export function wabaHealth(sim: Simulation, waba: Waba) {
  return overall([wabaEntity(waba), available('BUSINESS', waba.portfolioId), available('APP', sim.world.app.id)])
}

export function templateHealth(sim: Simulation, template: Template) {
  const waba = sim.world.wabas.get(template.wabaId) as Waba
  const isApproved = template.status === 'APPROVED'
  const entity = isApproved
    ? available('MESSAGE_TEMPLATE', template.id)
    : blocked(
        'MESSAGE_TEMPLATE',
        template.id,
        141002,
        'Message templates can only be sent out if they are approved.',
        'Edit or appeal the message template review decision.',
      )
  return overall([entity, wabaEntity(waba)])
}

function numberEntity(number: PhoneNumber): Entity {
  if (number.state === 'NAME_PENDING' || number.nameStatus === 'PENDING_REVIEW') {
    const info =
      'Your display name has not been approved yet. Your message limit will increase after the display name is approved.'
    return { ...available('PHONE_NUMBER', number.id), can_send_message: 'LIMITED', additional_info: [info] }
  }
  if (number.state === 'CONNECTED') return available('PHONE_NUMBER', number.id)
  return blocked('PHONE_NUMBER', number.id, 141000, 'The phone number cannot send messages.', 'Register the phone number again.')
}

function wabaEntity(waba: Waba): Entity {
  if (waba.state === 'OK') return available('WABA', waba.id)
  if (waba.state === 'REPLIES_ONLY') {
    const info = 'The account cannot send business-initiated messages for now.'
    return { ...available('WABA', waba.id), can_send_message: 'LIMITED', additional_info: [info] }
  }
  if (waba.state === 'NO_PAYMENT') {
    return blocked(
      'WABA',
      waba.id,
      141006,
      'There is an error with the payment method.',
      'Add or fix the payment method in Business Manager.',
    )
  }
  return blocked('WABA', waba.id, 141010, 'The account is restricted or disabled.', 'Request a review in Business Support Home.')
}

const available = (entity_type: string, id: string): Entity => ({ entity_type, id, can_send_message: 'AVAILABLE' })

function blocked(
  entity_type: string,
  id: string,
  error_code: number,
  error_description: string,
  possible_solution: string,
): Entity {
  return { entity_type, id, can_send_message: 'BLOCKED', errors: [{ error_code, error_description, possible_solution }] }
}

const ORDER: Can[] = ['AVAILABLE', 'LIMITED', 'BLOCKED']

function overall(entities: Entity[]) {
  const worst = Math.max(...entities.map(({ can_send_message: can }) => ORDER.indexOf(can)))
  return { can_send_message: ORDER[worst] as Can, entities }
}
