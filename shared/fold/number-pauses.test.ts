import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { CLIENT_ID, createMemoryWorld, outbound, PHONE_NUMBER_ID, TENANT_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc } from '../model/documents.ts'

const T0 = 1_795_165_200
const at = (second: number) => new Date((T0 + second) * 1000)
const SIBLING_ID = new Types.ObjectId()
const STRANGER_ID = new Types.ObjectId()

const number = (changes: Partial<ClientDoc> = {}) =>
  ({
    _id: CLIENT_ID,
    tenantId: TENANT_ID,
    wabaId: '31',
    phoneNumberId: PHONE_NUMBER_ID,
    status: 'active',
    notices: [],
    ...changes,
  }) as ClientDoc

const sent = (wamid: string) =>
  outbound(at(0), { status: 'SENT', timeline: [{ kind: 'attempt', at: at(10), attempt: 1, outcome: 'accepted' }], wamid })

function failed(wamid: string, code: number): WebhookItem {
  const errors = [{ code, title: 'Title', error_data: { details: 'in detail' } }]
  const report = { id: wamid, status: 'failed', timestamp: String(T0 + 20), recipient_id: '212661000101', errors }
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, statuses: [report] }
  return parseWebhook({ entry: [{ changes: [{ value }] }] }, at(60))[0] as WebhookItem
}

/** What a batch of two failures with the code does to the numbers of the account, and what it tells of them. */
function after(code: number, own: Partial<ClientDoc> = {}, now = at(60)) {
  const world = createMemoryWorld([sent('wamid.A'), sent('wamid.B')])
  const account = [
    number(own),
    number({ _id: SIBLING_ID, phoneNumberId: '106' }),
    number({ _id: STRANGER_ID, tenantId: new Types.ObjectId() }),
  ]
  world.context.now = now
  world.context.clients.set(PHONE_NUMBER_ID, number())
  world.context.accounts.set('31', account)
  const { plan } = world.record([failed('wamid.A', code), failed('wamid.B', code)])
  const payloads = plan.events.filter(({ name }) => name === 'client:status').map(({ payload }) => payload)
  return { numbers: plan.clients.map(({ _id, set }) => [String(_id), set] as const), payloads }
}

test.for([
  [131042, 'payment'],
  [131031, 'account'],
  [368, 'account'],
] as const)('%i in a status pauses every number of the account, once', ([code, pauseReason]) => {
  const { numbers, payloads } = after(code)
  const paused = { status: 'paused', pauseReason, pauseCode: code, statusReason: expect.stringMatching(/\w+\. \w+/) }
  expect(numbers).toEqual([CLIENT_ID, SIBLING_ID].map(id => [String(id), expect.objectContaining(paused)]))
  expect(payloads).toEqual([CLIENT_ID, SIBLING_ID].map(id => ({ clientId: String(id), status: 'paused', reason: pauseReason })))
})

test('131048 in a status holds the campaigns of its number for an hour, once', () => {
  const { numbers, payloads } = after(131048)
  expect(numbers).toEqual([
    [
      String(CLIENT_ID),
      expect.objectContaining({
        campaignsHeldUntil: at(20 + 3600),
        notices: [expect.objectContaining({ type: 'CAMPAIGNS_HELD' })],
      }),
    ],
  ])
  expect(payloads).toEqual([{ clientId: String(CLIENT_ID), status: 'active', reason: 'campaigns-held' }])
})

test.for([
  ['a failure of its message alone', 131026, {}],
  ['an attempt from before the resume', 131042, { resumedAt: at(15) }],
  ['a number that is paused already', 131042, { status: 'paused' }],
  ['campaigns that are held already', 131048, { campaignsHeldUntil: at(600) }],
] as const)('%s pauses nothing', ([, code, own]) => {
  const { numbers, payloads } = after(code, own)
  expect(numbers.filter(([id]) => id === String(CLIENT_ID))).toEqual([])
  expect(payloads.filter(({ clientId }) => clientId === String(CLIENT_ID))).toEqual([])
})

test('an old failure pauses nothing', () => {
  expect(after(131042, {}, at(7200))).toEqual({ numbers: [], payloads: [] })
})

test('a resumed number is not paused by an earlier attempt, but by the next one', () => {
  expect(after(131042, { resumedAt: at(5) }).numbers).toHaveLength(2)
})
