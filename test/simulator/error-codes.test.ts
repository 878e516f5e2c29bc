import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { Json } from '#deploy/simulator/world/world.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import { ROOT } from '#shared/process/config.ts'
import { control, idOf, send, templateTo } from './testing/client.ts'
import { createReceiver, type Receiver } from './testing/receiver.ts'

interface Row {
  code: number | string
  subcode: number | null
  title: string
  http: number
  where: string
}
const { codes } = JSON.parse(readFileSync(path.join(ROOT, 'deploy/simulator/error-codes.json'), 'utf8')) as { codes: Row[] }
const ROWS = codes.map(row => ({ ...row, code: Number.parseInt(String(row.code), 10) }))

let receiver: Receiver
let simulator: Simulator
beforeAll(async () => {
  receiver = await createReceiver()
  simulator = await createSimulator({ webhookUrl: receiver.url })
  simulator.delivery({ sentMs: 1, deliveredMs: 2, readMs: 3 })
})
afterAll(async () => {
  await simulator.close()
  await receiver[Symbol.asyncDispose]()
})

test.for(ROWS)('the simulator answers with $code/$subcode on demand, as Meta does', async ({ code, subcode, http }) => {
  simulator.faults([{ effect: { code, ...(subcode !== null && { subcode }) } }])
  const { status, body } = await send(simulator, templateTo('212661000101'))
  expect(status).toBe(http)
  expect(body.error).toMatchObject({ code, ...(subcode !== null && { error_subcode: subcode }) })
  expect(describeError({ code, subcode, httpStatus: status }).known).toBe(true)
})

test.for(ROWS.filter(({ where, subcode }) => subcode === null && (where === 'async' || where === 'both')))(
  'a message that was accepted fails with $code on demand',
  async ({ code, title }) => {
    const person = `2126618${String(code).slice(-5).padStart(5, '0')}`
    expect((await control(simulator, 'POST', '/people', { waId: person, failsWith: code })).status).toBe(200)
    const id = idOf(await send(simulator, templateTo(person)))
    await simulator.idle()
    const [status, ...others] = receiver.statuses().filter(one => one.id === id) as (Json & { errors: Json[] })[]
    expect(others).toEqual([])
    expect(status).toMatchObject({ status: 'failed', errors: [{ code }] })
    expect(String(status?.errors[0]?.title).toLowerCase()).toBe(shown(code) ?? title.toLowerCase())
  },
)

/** Titles that Meta writes in another way than its table. */
const shown = (code: number) => ({ 130403: 'recipient is blocked by the business' })[code]
