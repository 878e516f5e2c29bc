import { expect, test } from 'vitest'
import { CLIENT_ID, createMemoryWorld, outbound, PHONE_NUMBER_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc } from '../model/documents.ts'

const AT = new Date('2026-11-20T11:59:00Z')
const before = (minutes: number) => new Date(AT.getTime() - minutes * 60_000)

/** What a failed status does to its number. @param triedAt when the message was sent; by default just before the report */
function afterFailure(code: number, number: Partial<ClientDoc>, triedAt = before(0)): Partial<ClientDoc> | null {
  const timeline = [{ kind: 'attempt' as const, at: triedAt, attempt: 1, outcome: 'accepted' as const }]
  const world = createMemoryWorld([outbound(before(1), { wamid: 'wamid.A', status: 'SENT', timeline })])
  const known = world.context.clients.get(PHONE_NUMBER_ID) as ClientDoc
  world.context.clients.set(PHONE_NUMBER_ID, { ...known, status: 'active', wabaId: '1', ...number } as ClientDoc)
  const status = { id: 'wamid.A', status: 'failed', timestamp: String(AT.getTime() / 1000), errors: [{ code }] }
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, statuses: [status] }
  const item = parseWebhook({ entry: [{ changes: [{ value }] }] }, AT)[0] as WebhookItem
  const { plan } = world.record([item])
  expect(world.rows.messages[0]?.status).toBe('FAILED')
  return plan.clients.find(({ _id }) => _id.equals(CLIENT_ID))?.set ?? null
}

const checked = (minutes: number, tokenValid = true) => ({ tokenValid, tokenCheckedAt: before(minutes), nextTokenCheckAt: AT })

test.for([190, 0, 102])('[MS-26] a report of %i about a token that was just found valid has it checked again first', code => {
  expect(afterFailure(code, checked(10))).toEqual({ nextTokenCheckAt: null })
})

test('[MS-26] a check after the attempt has answered already', () => {
  expect(afterFailure(190, checked(5), before(6))).toBeNull()
})

test.for<[string, number, Partial<ClientDoc>]>([
  ['a token that nobody has checked', 190, {}],
  ['a check of long ago', 190, checked(90)],
  ['a token that was found invalid', 190, checked(10, false)],
  ['a missing permission, of which a valid token says nothing', 10, checked(10)],
])('[MS-26] %s: the number pauses at once and its token is checked', ([, code, number]) => {
  expect(afterFailure(code, number)).toMatchObject({
    status: 'paused',
    pauseReason: 'token',
    pauseCode: code,
    nextTokenCheckAt: null,
  })
})

test('[MS-26] an unpaid account pauses whatever its token', () => {
  const paused = afterFailure(131042, checked(10))
  expect(paused).toMatchObject({ status: 'paused', pauseReason: 'payment' })
  expect(paused).not.toHaveProperty('nextTokenCheckAt')
})
