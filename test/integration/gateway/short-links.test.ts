import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { createWorld } from '#test/support/world.ts'
import { type Answer, type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const stack = new AsyncDisposableStack()
let gateway: Gateway
let simulator: Simulator
let id: string

beforeAll(async () => {
  simulator = stack.use(await createSimulator())
  gateway = stack.use(await openGateway(stack.use(await createWorld()), { META_GRAPH_URL: simulator.url }))
  id = String((await gateway.store.raw.clients.findOne({ phoneNumberId }))?._id)
})
beforeEach(async () => {
  simulator.faults([])
  number().shortLinks.clear()
  number().automation = {}
  await gateway.store.raw.auditLog.deleteMany({})
})
afterAll(() => stack.disposeAsync())

function number() {
  const found = simulator.sim.world.numbers.get(phoneNumberId)
  if (found === undefined) throw new Error('the demo world has the number')
  return found
}
const call = (method: string, at: string, body?: object, as: Person = 'admin', headers = {}): Promise<Answer> =>
  gateway.call(method, `/api/v1/phone-numbers/${id}${at}`, { as, headers, ...(body && { body }) })
const entries = async () =>
  (await gateway.store.raw.auditLog.find({ 'object.id': id }).sort({ _id: 1 }).toArray()).map(({ action, changes }) => ({
    action,
    changes,
  }))
const LINKS = '/short-links'
const BREAKERS = '/ice-breakers'

describe('short links of a number', () => {
  test('are created with a QR code, listed, given another text and deleted at Meta', async () => {
    expect((await call('GET', LINKS)).body.data).toEqual([])
    const created = await call('POST', LINKS, { prefilledMessage: ' Bonjour, je postule ' })
    const { code } = created.body
    expect([created.status, created.body]).toEqual([
      201,
      {
        code,
        prefilledMessage: 'Bonjour, je postule',
        deepLinkUrl: `https://wa.me/message/${code}`,
        qrImageUrl: expect.stringContaining('SVG'),
      },
    ])
    expect((await (await fetch(created.body.qrImageUrl)).text()).startsWith('<svg')).toBe(true)
    expect((await call('GET', LINKS)).body.data).toEqual([created.body])
    const [png] = (await call('GET', `${LINKS}?qrImageFormat=PNG`)).body.data
    expect((await fetch(png.qrImageUrl)).headers.get('content-type')).toBe('image/png')

    const changed = await call('PATCH', `${LINKS}/${code}`, { prefilledMessage: 'Bonsoir' })
    expect([changed.status, changed.body]).toEqual([200, { ...created.body, prefilledMessage: 'Bonsoir' }])
    expect(number().shortLinks).toEqual(new Map([[code, 'Bonsoir']]))
    expect((await call('DELETE', `${LINKS}/${code}`)).status).toBe(204)
    expect(number().shortLinks.size).toBe(0)
    expect((await call('DELETE', `${LINKS}/${code}`)).status).toBe(404)
    expect(await entries()).toEqual([
      { action: 'clients.shortLink', changes: { shortLink: { before: null, after: 'Bonjour, je postule' } } },
      {
        action: 'clients.shortLink',
        changes: { code: { before: code, after: code }, shortLink: { before: 'Bonjour, je postule', after: 'Bonsoir' } },
      },
      {
        action: 'clients.shortLink',
        changes: { code: { before: code, after: null }, shortLink: { before: 'Bonsoir', after: null } },
      },
    ])
  })

  test('are all listed, however many pages Meta makes of them', async () => {
    for (let n = 0; n < 1100; n++) number().shortLinks.set(`CODE${n}`, `Text ${n}`)
    const { body } = await call('GET', LINKS)
    expect([body.total, body.data.at(-1).code]).toEqual([1100, 'CODE1099'])
    expect((await call('GET', `${LINKS}?limit=2&page=2`)).body.data.map(({ code }: { code: string }) => code)).toEqual([
      'CODE2',
      'CODE3',
    ])
  })

  test('are created once for a key, also when the answer of Meta was lost', async () => {
    simulator.faults([{ match: { method: 'POST', path: 'message_qrdls' }, times: 1, effect: { reset: true } }])
    const ask = () => call('POST', LINKS, { prefilledMessage: 'Once' }, 'admin', { 'idempotency-key': 'link-1' })
    const lost = await ask()
    expect([lost.status, lost.body.errorCode]).toEqual([502, 'META_OUTCOME_UNKNOWN'])
    // Meta had done it.
    number().shortLinks.set('MADE', 'Once')
    const again = await ask()
    expect([again.status, again.body.code]).toEqual([201, 'MADE'])
    expect(number().shortLinks.size).toBe(1)
  })

  test('are not overwritten when somebody else has changed one, and need a text that fits', async () => {
    number().shortLinks.set('MADE', 'Theirs')
    const change = (body: object) => call('PATCH', `${LINKS}/MADE`, body)
    const { status, body } = await change({ prefilledMessage: 'Mine', expected: { prefilledMessage: 'Of before' } })
    expect([status, body.errorCode, body.current.prefilledMessage]).toEqual([409, 'CHANGED_MEANWHILE', 'Theirs'])
    expect((await change({ prefilledMessage: 'Mine', expected: { prefilledMessage: 'Theirs' } })).status).toBe(200)
    for (const prefilledMessage of ['', ' ', 'a'.repeat(141)]) {
      expect((await change({ prefilledMessage })).status).toBe(400)
      expect((await call('POST', LINKS, { prefilledMessage })).status).toBe(400)
    }
    expect((await call('PATCH', `${LINKS}/NOBODYS`, { prefilledMessage: 'Mine' })).status).toBe(404)
  })

  test('are refused with what Meta says when there are too many, which is written down', async () => {
    for (let n = 0; n < 2000; n++) number().shortLinks.set(`CODE${n}`, `Text ${n}`)
    const { status, body } = await call('POST', LINKS, { prefilledMessage: 'One more' })
    expect([status, body.errorCode, body.meta.code]).toEqual([422, 'SHORT_LINK_REFUSED', 100])
    expect(body.detail).toContain('2000')
    expect((await entries()).map(({ action }) => action)).toEqual(['clients.shortLink', 'clients.shortLinkRefused'])
  })
})

describe('ice breakers of a number', () => {
  test('are read from Meta and replaced there; commands and the welcome flag stay', async () => {
    expect((await call('GET', BREAKERS)).body).toEqual({ prompts: [] })
    const others = { enable_welcome_message: true, commands: [{ command_name: 'cv', command_description: 'Send a CV' }] }
    number().automation = { ...others, prompts: ['Of before?'] }
    const prompts = ['Quels postes ?', 'كيف أقدّم؟']
    const { status, body } = await call('PUT', BREAKERS, { prompts: [` ${prompts[0]} `, prompts[1]] })
    expect([status, body]).toEqual([200, { prompts }])
    expect(number().automation).toEqual({ ...others, prompts })
    expect((await call('GET', BREAKERS)).body).toEqual({ prompts })
    expect((await call('PUT', BREAKERS, { prompts: [] })).body).toEqual({ prompts: [] })
    expect((await entries())[0]).toEqual({
      action: 'clients.iceBreakers',
      changes: { prompts: { before: ['Of before?'], after: prompts } },
    })
  })

  test.for<[what: string, prompts: unknown, path: string]>([
    ['five', ['a', 'b', 'c', 'd', 'e'], 'prompts'],
    ['an empty one', ['a', ' '], 'prompts.1'],
    ['a long one', ['a'.repeat(81)], 'prompts.0'],
    ['an emoji', ['Hello 👋'], 'prompts.0'],
    ['none', undefined, 'prompts'],
  ])('are never %s', async ([, prompts, path]) => {
    const { status, body } = await call('PUT', BREAKERS, { prompts })
    expect([status, body.errors[0].path]).toEqual([400, path])
    expect(await entries()).toEqual([])
  })

  test('are not overwritten when somebody else has changed them, and a refusal is written down', async () => {
    number().automation = { prompts: ['Theirs?'] }
    const changed = await call('PUT', BREAKERS, { prompts: ['Mine?'], expected: { prompts: [] } })
    expect([changed.status, changed.body.errorCode]).toEqual([409, 'CHANGED_MEANWHILE'])
    simulator.faults([
      { match: { method: 'POST', path: 'conversational_automation' }, times: 1, effect: { code: 100, details: 'No.' } },
    ])
    const { status, body } = await call('PUT', BREAKERS, { prompts: ['Mine?'] })
    expect([status, body.errorCode, body.detail]).toEqual([422, 'ICE_BREAKERS_REFUSED', 'No.'])
    expect((await entries()).map(({ action }) => action)).toEqual(['clients.iceBreakers', 'clients.iceBreakersRefused'])
    expect(number().automation).toEqual({ prompts: ['Theirs?'] })
  })
})

test('short links and ice breakers belong to admins of the account', async () => {
  for (const as of ['agent', 'manager'] as const) {
    expect((await call('GET', LINKS, undefined, as)).status).toBe(403)
    expect((await call('POST', LINKS, { prefilledMessage: 'a' }, as)).status).toBe(403)
    expect((await call('PUT', BREAKERS, { prompts: [] }, as)).status).toBe(403)
  }
  expect((await call('POST', LINKS, { prefilledMessage: 'a' }, 'other')).status).toBe(404)
  expect((await call('PUT', BREAKERS, { prompts: ['a'] }, 'other')).status).toBe(404)
  expect(number().shortLinks.size).toBe(0)
})
