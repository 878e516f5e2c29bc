import { expect, test } from 'vitest'
import { createMemoryWorld, PHONE_NUMBER_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook } from '../meta/webhook.ts'

/** Whether a message of a customer opts its writer out. */
function optsOut(message: object): boolean {
  const world = createMemoryWorld()
  const written = { from: '212661000101', id: 'wamid.A', timestamp: '1795165200', ...message }
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, messages: [written] }
  world.record(parseWebhook({ entry: [{ changes: [{ value }] }] }, new Date(1_795_165_260_000)))
  expect(world.rows.contacts).toHaveLength(1)
  return world.rows.contacts[0]?.optOut === true
}
const tap = (text: string, payload: string) => optsOut({ type: 'button', button: { text, payload } })

test('[case 45] a tap on the stop button of a template opts out, by its label or its payload', () => {
  expect([tap('Stop promotions', 'Stop promotions'), tap('Non merci', 'STOP'), tap('Stop', 'NEWS_4471')]).toEqual([
    true,
    true,
    true,
  ])
  expect([tap('Oui', 'visit_4471_yes'), tap('Non', 'visit_4471_no')]).toEqual([false, false])
})

test("[case 45] Meta's label opts out also when it is written, and no sentence around it", () => {
  const text = (body: string) => optsOut({ type: 'text', text: { body } })
  expect([text('Arrêter les promotions'), text('arrêter les promotions de 9 h')]).toEqual([true, false])
})
