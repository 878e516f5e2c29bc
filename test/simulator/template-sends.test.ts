import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { Json, Template } from '#deploy/simulator/world/world.ts'
import { parameterProblems } from '#shared/domain/templates/check.ts'
import { graph, send, textTo, WABA } from './testing/client.ts'
import { createReceiver, type Receiver } from './testing/receiver.ts'

const SALMA = '212661000101'
let receiver: Receiver
let simulator: Simulator
beforeAll(async () => {
  receiver = await createReceiver()
  simulator = await createSimulator({ webhookUrl: receiver.url, reviewMs: 1 })
  simulator.delivery({ sentMs: 1, deliveredMs: 2, readMs: 3 })
  simulator.rules({ pair: false })
})
afterAll(async () => {
  await simulator.close()
  await receiver[Symbol.asyncDispose]()
})

const texts = (...values: string[]) => values.map(text => ({ type: 'text', text }))
const body = (...values: string[]) => ({ type: 'body', parameters: texts(...values) })
const button = (sub_type: string, index: string, ...parameters: object[]) => ({ type: 'button', sub_type, index, parameters })
const BODY = { type: 'BODY', text: 'Bonjour {{1}}.' }
const buttons = (...list: object[]) => ({ type: 'BUTTONS', buttons: list })
const OTP = 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}'
const OFFER = { type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Offre', has_expiration: true } }
const END = {
  type: 'limited_time_offer',
  parameters: [{ type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: 1 } }],
}
const CARD = {
  components: [
    { type: 'HEADER', format: 'IMAGE' },
    { type: 'BODY', text: 'Pour {{1}}' },
  ],
}
const picture = { type: 'header', parameters: [{ type: 'image', image: { link: 'https://x.example/a.png' } }] }
const cards = (...values: string[]) => ({
  type: 'carousel',
  cards: values.map((value, card_index) => ({ card_index, components: [picture, body(value)] })),
})
const action = { type: 'action', action: { flow_token: 'unused' } }

/** What Meta answers to a send: 200, or the code of its refusal. */
const SENDS: [string, object[], object[], number][] = [
  ['a form that is named', [BODY, buttons({ type: 'FLOW' })], [body('a'), button('flow', '0', action)], 200],
  ['a form that is not named', [BODY, buttons({ type: 'FLOW' })], [body('a')], 131009],
  ['a form under another sub_type', [BODY, buttons({ type: 'FLOW' })], [body('a'), button('url', '0', action)], 131009],
  [
    'a catalogue that is named',
    [BODY, buttons({ type: 'CATALOG' })],
    [body('a'), { type: 'button', sub_type: 'catalog', index: '0' }],
    200,
  ],
  ['a catalogue that is not named', [BODY, buttons({ type: 'CATALOG' })], [body('a')], 131009],
  ['an offer with its end', [OFFER, BODY], [END, body('a')], 200],
  ['an offer without its end', [OFFER, BODY], [body('a')], 131008],
  ['a coupon as text', [BODY, buttons({ type: 'COPY_CODE' })], [body('a'), button('copy_code', '0', ...texts('A'))], 132012],
  ['a telephone button', [BODY, buttons({ type: 'PHONE_NUMBER' })], [body('a'), button('voice_call', '0')], 100],
  [
    'a fixed address',
    [BODY, buttons({ type: 'URL', url: 'https://x.example/' })],
    [body('a'), button('url', '0', ...texts('1'))],
    100,
  ],
  [
    'an open address',
    [BODY, buttons({ type: 'URL', url: 'https://x.example/{{1}}' })],
    [body('a'), button('url', '0', ...texts('1'))],
    200,
  ],
  ['an open address without a value', [BODY, buttons({ type: 'URL', url: 'https://x.example/{{1}}' })], [body('a')], 131008],
  ['a code twice', [BODY, buttons({ type: 'URL', url: OTP })], [body('1'), button('url', '0', ...texts('1'))], 200],
  ['a code once', [BODY, buttons({ type: 'URL', url: OTP })], [body('1')], 131008],
  ['a header that is not there', [BODY], [{ type: 'header', parameters: texts('a') }, body('a')], 132000],
  [
    'a header and a body',
    [{ type: 'HEADER', format: 'TEXT', text: 'A {{1}}' }, BODY],
    [{ type: 'header', parameters: texts('a') }, body('b')],
    200,
  ],
  ['a header that is missing', [{ type: 'HEADER', format: 'TEXT', text: 'A {{1}}' }, BODY], [body('b')], 132000],
  ['a carousel with its cards', [BODY, { type: 'CAROUSEL', cards: [CARD, CARD] }], [body('a'), cards('b', 'c')], 200],
  ['a carousel with one card of two', [BODY, { type: 'CAROUSEL', cards: [CARD, CARD] }], [body('a'), cards('b')], 132012],
]

test.for(SENDS)('Meta judges %s, and so do we', async ([, components, sent, expected]) => {
  const template = { wabaId: WABA, name: 'judged', language: 'fr', components: components as Json[] }
  const { id } = simulator.template(template)
  const asked = { name: 'judged', language: { code: 'fr' }, components: sent }
  const answer = await send(simulator, { ...textTo(SALMA, { type: 'template', template: asked }), text: undefined })
  simulator.sim.world.templates.delete(id)
  expect(answer.body.error?.code ?? answer.status).toBe(expected)
  const problems = parameterProblems(
    { components: components as Json[], parameterFormat: 'POSITIONAL', variables: [] },
    sent as never,
  )
  expect(problems.length === 0).toBe(expected === 200)
})

test('a template is known by the exact code of its language', async () => {
  const codeOf = async (code: string) => {
    const template = { name: 'welcome', language: { code }, components: [body('Salma')] }
    return (await send(simulator, { ...textTo(SALMA, { type: 'template', template }), text: undefined })).body.error?.code
  }
  expect([await codeOf('en_US'), await codeOf('en-US'), await codeOf('EN_us')]).toEqual([undefined, 132001, 132001])
})

test('an authentication template is listed with the texts and the address that Meta makes', async () => {
  const components = [
    { type: 'BODY', add_security_recommendation: true },
    { type: 'FOOTER', code_expiration_minutes: 10 },
    buttons({ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copier' }),
  ]
  const made = { name: 'code_fr', language: 'fr', category: 'AUTHENTICATION', components }
  const { body: answer } = await graph(simulator, 'POST', `/${WABA}/message_templates`, made)
  const listed = (await graph(simulator, 'GET', `/${answer.id}?fields=components`)).body.components as Template['components']
  expect(listed).toMatchObject([
    { type: 'BODY', text: expect.stringContaining('*{{1}}*'), add_security_recommendation: true },
    { type: 'FOOTER', text: expect.stringContaining('10'), code_expiration_minutes: 10 },
    { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Copier', url: expect.stringMatching(/otp_type=COPY_CODE.*\{\{1\}\}$/) }] },
  ])
})

test('an archived template is not sent; a restored one is', async () => {
  const { id } = simulator.template({
    wabaId: WABA,
    name: 'kept',
    language: 'fr',
    components: [{ type: 'BODY', text: 'Bonjour.' }],
  })
  const code = async () => {
    const template = { name: 'kept', language: { code: 'fr' } }
    return (await send(simulator, { ...textTo(SALMA, { type: 'template', template }), text: undefined })).body.error?.code
  }
  simulator.review(id, { status: 'ARCHIVED' })
  expect(await code()).toBe(132001)
  simulator.review(id, { status: 'UNARCHIVED' })
  expect(await code()).toBeUndefined()
})

test.for(['', ' \u200b', '\u2800'])('a text that shows nothing is refused: "%s"', async text => {
  expect((await send(simulator, { ...textTo(SALMA), text: { body: text } })).body.error).toMatchObject({ code: 100 })
})
