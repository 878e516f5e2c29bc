import type { Simulation } from '../simulation.ts'
import type { Json, PhoneNumber, Waba } from '../world/world.ts'
import { type Change, deliveryOf } from './batches.ts'
import type { Delivery, DeliveryItem } from './delivery.ts'

/** Emits a field of a number, such as `messages`, to the address of the number, else of the WABA, else of the app. */
export function emitForNumber(sim: Simulation, number: PhoneNumber, field: string, members: Json, items: DeliveryItem[]): string {
  const waba = sim.world.wabas.get(number.wabaId) as Waba
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: number.digits, phone_number_id: number.id },
    ...members,
  }
  const url = number.override?.url ?? waba.override?.url ?? sim.world.app.webhookUrl
  return emit(sim, { wabaId: waba.id, field, phoneNumberId: number.id, value, items }, url, waba.subscribed)
}

/**
 * Emits an account or template field to the app's address; overrides are for messages only.
 * @param entryId id of the entry: partner events carry the portfolio of the platform
 */
export function emitForWaba(sim: Simulation, wabaId: string, field: string, value: Json, entryId = wabaId): string {
  const waba = sim.world.wabas.get(wabaId)
  const item = { kind: field, id: null, status: typeof value.event === 'string' ? value.event : undefined }
  const time = Math.floor(sim.now() / 1000)
  const isSubscribed = waba?.subscribed === true || field === 'account_update'
  return emit(
    sim,
    { wabaId: entryId, field, phoneNumberId: null, value, items: [item], time },
    sim.world.app.webhookUrl,
    isSubscribed,
  )
}

/** @returns the id of the delivery in the log; empty for one that is still collected into a batch */
function emit(sim: Simulation, change: Omit<Change, 'url'>, url: string | null, isSubscribed: boolean): string {
  if (url === null || !isSubscribed) return drop(sim, change)
  const { batch, batchMs } = sim.delivery
  if (batch > 1) {
    sim.batches.add({ ...change, url }, batch, batchMs)
    return ''
  }
  return deliver(sim, deliveryOf([{ ...change, url }]))
}

/** Sends a delivery with the copies and delays of the rules. */
export function deliver(sim: Simulation, delivery: Delivery): string {
  const { jitterMs, duplicateRate, copies } = sim.delivery
  sim.deliverer.deliver(delivery, jitter(jitterMs))
  const extra = copies - 1 + (duplicateRate > 0 && Math.random() < duplicateRate ? 1 : 0)
  for (let copy = 1; copy <= extra; copy++) {
    sim.deliverer.deliver({ ...delivery, id: `${delivery.id}.${copy}`, attempts: [] }, jitter(jitterMs))
  }
  return delivery.id
}

const jitter = (maxMs: number) => (maxMs > 0 ? Math.random() * maxMs : 0)

/** Logs a change that has no receiver. Meta does not keep it for later either. */
function drop(sim: Simulation, change: Omit<Change, 'url'>): string {
  const delivery = deliveryOf([{ ...change, url: '' }])
  sim.deliverer.deliver({ ...delivery, url: null, state: 'unsubscribed' })
  return delivery.id
}
