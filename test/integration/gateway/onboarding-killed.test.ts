import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startGateway } from '#test/support/gateway-process.ts'
import { untilTrue } from '#test/support/until.ts'
import { openOnboarding, SPARE } from '#test/support/worlds/onboarding.ts'

const LIMIT_MS = 240_000

test('[ON-12] a gateway is killed with -9 while Meta registers the number: another one goes on, and nothing is done twice', {
  timeout: LIMIT_MS,
}, async () => {
  await using o = await openOnboarding()
  const { simulator } = o
  simulator.sim.world.numbers.delete(SPARE.second)
  simulator.faults([{ match: { path: '/register' }, times: 1, effect: { after: true, timeout: true } }])
  await using processes = new AsyncDisposableStack()

  async function start() {
    const { child, output } = startGateway(o.world, { ...o.settings, NODE_ENV: 'test' })
    processes.defer(() => void child.kill('SIGKILL'))
    await untilTrue(() => /"port":\d+.*gateway started/.test(output()), LIMIT_MS)
    return { child, url: `http://127.0.0.1:${/"port":(\d+).*gateway started/.exec(output())?.[1]}` }
  }

  const first = await start()
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await o.gateway.tokenFor('admin')}` }
  const body = JSON.stringify({ code: o.codeFor(SPARE.wabaId) })
  const answer = fetch(`${first.url}/api/v1/tenants/embedded-signup`, { method: 'POST', headers, body }).catch(() => null)
  await untilTrue(() => o.countOf('POST', '/register') === 1, LIMIT_MS)
  const exited = once(first.child, 'exit')
  first.child.kill('SIGKILL')
  await exited
  expect(await answer).toBeNull()
  expect((await o.connection()).steps.find(({ key }) => key === 'register')).toMatchObject({ state: 'RUNNING', attempts: 1 })
  expect(await o.rowOf(SPARE.first)).toMatchObject({ status: 'disconnected', accessToken: null })

  await start()
  await untilTrue(async () => (await o.connection()).state === 'DONE', LIMIT_MS)
  expect(await o.rowOf(SPARE.first)).toMatchObject({ status: 'active' })
  for (const [method, path] of [
    ['GET', '/oauth/access_token'],
    ['POST', '/register'],
    ['POST', '/subscribed_apps'],
  ] as const)
    expect([path, o.countOf(method, path)]).toEqual([path, 1])
})
