import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MessageDoc, TemplateDoc } from '#shared/model/documents.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const SALMA = '212661000101' // her window is open
const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  for (const template of TEMPLATES) await addTemplate(template)
})
afterAll(() => stack.disposeAsync())

const body = (text: string) => ({ type: 'BODY', text })
const buttons = (...list: object[]) => ({ type: 'BUTTONS', buttons: list })
const variable = (component: string, position: number) => ({
  name: String(position),
  position,
  description: null,
  example: null,
  component,
})
const ONE = [variable('BODY', 1)]
const OTP = 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code_expiration_minutes=10&code=otp{{1}}'

/** Templates as Meta lists them. */
const TEMPLATES: (Partial<TemplateDoc> & { name: string })[] = [
  { name: 'greeting', language: 'pt_BR', components: [body('Olá {{1}}, recebido.')], variables: ONE },
  { name: 'hello', language: 'en_US', components: [body('Hello {{1}}, hi.')], variables: ONE },
  { name: 'hello', language: 'fr', components: [body('Bonjour {{1}}, salut.')], variables: ONE },
  { name: 'form', components: [body('Bonjour {{1}}, choisissez.'), buttons({ type: 'FLOW', text: 'Choisir' })], variables: ONE },
  {
    name: 'code',
    category: 'AUTHENTICATION',
    components: [body('Votre code est *{{1}}*.'), buttons({ type: 'URL', text: 'Copier', url: OTP })],
    variables: ONE,
  },
  {
    name: 'file',
    components: [{ type: 'HEADER', format: 'TEXT', text: 'Dossier {{1}}' }, body('Bonjour {{1}}, le {{2}}, merci.')],
    variables: [variable('HEADER', 1), ...ONE, variable('BODY', 2)],
  },
  {
    name: 'sale',
    category: 'MARKETING',
    components: [
      { type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Offre', has_expiration: true } },
      body('Bonjour {{1}}, une remise.'),
      buttons({ type: 'COPY_CODE' }, { type: 'URL', text: 'Voir', url: 'https://x.example/{{1}}' }),
    ],
    variables: ONE,
  },
  { name: 'kept_away', status: 'DISABLED', reason: 'ARCHIVED', components: [body('Bonjour.')], variables: [] },
]

async function addTemplate(fields: (typeof TEMPLATES)[number]): Promise<void> {
  const { store } = gateway
  const { tenantId } = await userByEmail(store, PEOPLE.agent)
  const number = await store.raw.clients.findOne({ tenantId, isPrimary: true })
  const own = { tenantId, wabaId: number?.wabaId, language: 'fr', category: 'UTILITY', status: 'APPROVED' }
  await store.models.templates.create([{ ...own, parameterFormat: 'POSITIONAL', ...fields } as TemplateDoc])
}

const call = (method: string, path: string, content: object) => gateway.call(method, path, { as: 'admin', body: content })
const post = (path: string, content: object) => call('POST', `/api/v1${path}`, content)
const byName = (templateName: string, variables: object, more: object = {}) =>
  post('/messages/send-template', { to: stranger(), templateName, variables, ...more })
let lastNumber = 212664000000
const stranger = () => String(++lastNumber)
async function sentObject(id: string) {
  const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
  const row = await gateway.store.models.messages.findOne({ tenantId, _id: id }).lean()
  const { template } = (row as MessageDoc).payload as { template: { language: { code: string }; components?: object[] } }
  return template
}

type Way = (language?: string) => ReturnType<typeof post>

describe('the language of a template', () => {
  /** Each way of sending, with the language as the caller writes it. */
  const WAYS: Record<string, Way> = {
    'a template by name': language => byName('greeting', ['Ana'], { language }),
    "Meta's own form": code =>
      post('/messages', {
        to: stranger(),
        type: 'template',
        template: {
          name: 'greeting',
          ...(code && { language: { code } }),
          components: [{ type: 'body', parameters: [{ type: 'text', text: 'Ana' }] }],
        },
      }),
    'the default call': language =>
      post('/messages/template', { to: stranger(), templateName: 'greeting', variables: ['Ana'], language }),
    'a scheduled message': language =>
      byName('greeting', ['Ana'], { language, sendAt: new Date(Date.now() + 3_600_000).toISOString() }),
    'a fallback': language =>
      post('/messages/send', { to: SALMA, text: 'Olá', fallback: { templateName: 'greeting', variables: ['Ana'], language } }),
    'an estimate': language =>
      post('/campaigns/estimate', {
        templateName: 'greeting',
        language,
        recipients: [{ to: `+${stranger()}`, variables: { 1: 'Ana' } }],
      }),
    'a campaign': language => post('/campaigns', { name: `c ${language}`, templateName: 'greeting', language }),
    'a default of the account': language => call('PUT', '/api/v1/settings', { initiateTemplate: { name: 'greeting', language } }),
    LinkoJob: language =>
      call('POST', '/api/messages/send', {
        clientId: '1054543651068213',
        candidatePhone: stranger(),
        templateName: 'greeting',
        templateVars: ['Ana'],
        language,
      }),
  }

  test.for(Object.entries(WAYS))('may be spelt in any way, or be left out where one exists: %s', async ([, send]) => {
    for (const language of ['pt_BR', 'pt-br', 'PT_br', undefined]) {
      const { status, body: answer } = await send(language)
      expect([language, status, answer]).toEqual([language, expect.toBeOneOf([200, 201, 202]), expect.anything()])
    }
    const { status, body: refusal } = await send('pt_PT')
    expect([status, refusal]).toMatchObject([422, { errorCode: 'TEMPLATE_UNKNOWN', detail: expect.stringContaining('pt_BR') }])
  })

  test('is at Meta as Meta lists it', async () => {
    for (const send of [WAYS['a template by name'], WAYS["Meta's own form"]] as Way[]) {
      const { body: answer } = await send('pt-br')
      expect((await sentObject(answer.id)).language.code).toBe('pt_BR')
    }
    expect((await gateway.call('GET', '/api/v1/settings', { as: 'admin' })).body.initiateTemplate).toEqual({
      name: 'greeting',
      language: 'pt_BR',
    })
  })

  test('is needed where there are several, which the refusal names', async () => {
    const { status, body: refusal } = await byName('hello', ['Ana'])
    expect([status, refusal.errorCode]).toEqual([422, 'TEMPLATE_LANGUAGE_NEEDED'])
    expect(refusal.detail).toContain('en_US, fr')
    expect((await byName('hello', ['Ana'], { language: 'EN-us' })).status).toBe(202)
  })
})

describe('a send by name', () => {
  test.for<[string, string, object, object[]]>([
    [
      'the button of a form',
      'form',
      { 1: 'Salma' },
      [
        { type: 'body', parameters: [{ type: 'text', text: 'Salma' }] },
        { type: 'button', sub_type: 'flow', index: '0', parameters: [{ type: 'action', action: { flow_token: 'unused' } }] },
      ],
    ],
    [
      'the code in text and button',
      'code',
      ['482913'],
      [
        { type: 'body', parameters: [{ type: 'text', text: '482913' }] },
        { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '482913' }] },
      ],
    ],
    [
      'header and body apart',
      'file',
      { header: '4471', 1: 'Salma', 2: 'mardi' },
      [
        { type: 'header', parameters: [{ type: 'text', text: '4471' }] },
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Salma' },
            { type: 'text', text: 'mardi' },
          ],
        },
      ],
    ],
  ])('names %s', async ([, name, variables, components]) => {
    const { status, body: answer } = await byName(name, variables)
    expect([status, answer]).toEqual([202, expect.anything()])
    expect((await sentObject(answer.id)).components).toEqual(components)
  })

  test.for<[string, string, object, string]>([
    ['the end of an offer', 'sale', { 1: 'Salma', button_0: 'ETE25', button_1: '1' }, 'variables.limited_time_offer'],
    ['the header', 'file', { 1: 'Salma', 2: 'mardi' }, 'variables.header'],
    ['a code that fits', 'code', { 1: '1234567890123456' }, 'variables.1'],
  ])('is refused at once without %s', async ([, name, variables, path]) => {
    const { status, body: refusal } = await byName(name, variables)
    expect([status, refusal.errorCode]).toEqual([422, 'TEMPLATE_VARIABLES'])
    expect(refusal.errors.map((error: { path: string }) => error.path)).toEqual([path])
  })

  test('takes no name for the code of an authentication template', async () => {
    const content = { to: stranger(), templateName: 'code', candidateName: 'Salma' }
    const { status, body: refusal } = await post('/messages/template', content)
    expect([status, refusal.errorCode]).toEqual([422, 'TEMPLATE_VARIABLES'])
    expect((await post('/messages/template', { ...content, variables: ['482913'] })).status).toBe(202)
  })

  test('of an archived template says how it comes back', async () => {
    const { status, body: refusal } = await byName('kept_away', {})
    expect([status, refusal.errorCode]).toEqual([422, 'TEMPLATE_NOT_APPROVED'])
    expect(refusal.detail).toContain('archived')
  })
})

test('a campaign reads the header, the offer and the buttons from columns of these names', async () => {
  const variables = { 1: 'Salma', limited_time_offer: '2100-01-01T00:00:00Z', button_0: 'ETE25', button_1: '7' }
  const right = { to: `+${stranger()}`, variables }
  const { 1: _, ...nameless } = variables
  const estimate = (templateName: string, recipients: object[]) =>
    post('/campaigns/estimate', { templateName, recipients }).then(answer => [
      answer.status,
      answer.body.recipients,
      answer.body.left?.invalid,
    ])
  expect(await estimate('sale', [right, { to: `+${stranger()}`, variables: nameless }])).toEqual([200, 1, 1])
  const titled = { to: `+${stranger()}`, variables: { header: '4471', 1: 'Salma', 2: 'mardi' } }
  expect(await estimate('file', [titled, { to: `+${stranger()}`, variables: { 1: 'Salma', 2: 'mardi' } }])).toEqual([200, 1, 1])
})

test('a text that shows nothing is refused by every way of sending it', async () => {
  const blank = '\u200b \u2800'
  const answers = await Promise.all([
    post('/messages/send', { to: SALMA, text: blank }),
    post('/messages', { to: SALMA, type: 'text', text: { body: blank } }),
    call('POST', '/api/messages/send', { clientId: '1054543651068213', candidatePhone: SALMA, message: blank }),
    call('POST', '/api/messages/text', { to: SALMA, text: blank }),
    call('POST', '/api/integrations/whatsapp/send', { toPhone: SALMA, text: blank }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
})

test('prices name the contact that a message would go to, and nobody where there is none yet', async () => {
  const ask = (to: string) => gateway.call('GET', `/api/v1/templates/prices?to=${to}`, { as: 'agent' })
  const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
  const salma = await gateway.store.raw.contacts.findOne({ tenantId, waId: SALMA })
  expect((await ask('0661000101')).body).toMatchObject({ contactId: String(salma?._id), text: { currency: 'MAD' } })
  expect((await ask(stranger())).body).toMatchObject({ contactId: null, text: null, templates: { UTILITY: { currency: 'MAD' } } })
  expect((await ask('061')).body).toMatchObject({ errorCode: 'PHONE_INVALID', errors: [{ path: 'to' }] })
})
