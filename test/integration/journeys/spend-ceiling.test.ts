import { afterAll, beforeAll, expect, test } from 'vitest'
import { countAll, numberEvents } from '#test/support/count-events.ts'
import { untilPasses } from '#test/support/until.ts'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const stack = new AsyncDisposableStack()
let road: Road
beforeAll(async () => {
  road = stack.use(await openRoad())
  stack.use(await road.startSender({ callTimeoutMs: 60_000, unknownDeadlineMs: 300_000 }))
})
afterAll(() => stack.disposeAsync())

const store = () => road.gateway.store
const spend = async () => (await road.call('GET', '/limits/spend', undefined, 'manager')).body.spend
const settings = (spendCeiling: object | null) => road.call('PUT', '/settings', { spendCeiling }, 'admin')

/** What the realtime process and the gateway's job do every moment. */
async function count(): Promise<void> {
  await numberEvents(store())
  await countAll(store())
}

test('[peers J] has a ceiling only when one is set; campaigns may not stop after templates', async () => {
  expect(await spend()).toBeNull()
  const answer = await settings({ amount: 10, of: 'cost', campaignsStopAt: 95, templatesStopAt: 90 })
  expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'spendCeiling.campaignsStopAt'])
})

test('[peers J] what an account has spent raises the level, and a higher ceiling lowers it again', async () => {
  const to = await road.person()
  const { id } = (await road.call('POST', '/messages/send-template', { to, ...TEMPLATE })).body
  await road.until(id, ({ status }) => status === 'SENT')
  await settings({ amount: 1_000_000, of: 'cost' })
  await untilPasses(async () => {
    await count()
    expect((await spend()).spent).toBeGreaterThan(0)
  })
  const { spent, level } = await spend()
  expect(level).toBeNull()
  const levelAt = async (share: number) => {
    await settings({ amount: spent / share, of: 'cost' })
    await count()
    return (await spend()).level
  }
  expect([await levelAt(0.82), await levelAt(0.92), await levelAt(0.96), await levelAt(1.5)]).toEqual([
    'warning',
    'campaigns',
    'templates',
    'everything',
  ])
  expect(await levelAt(0.5)).toBeNull()
})
