import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dialects, openDialects } from '#test/support/worlds/dialects.ts'

const ID = expect.stringMatching(/^[0-9a-f]{24}$/)
const stack = new AsyncDisposableStack()
let world: Dialects
beforeAll(async () => {
  world = stack.use(await openDialects())
})
afterAll(() => stack.disposeAsync())

const text = (body: object) => world.call('POST', '/api/messages/text', body)
const template = (body: object) => world.call('POST', '/api/messages/template', body)
const about = { candidateName: 'Ahmed', jobTitle: 'Developer PHP' }
const sent = (conversationId: unknown, cost: number) => ({ success: true, messageId: ID, conversationId, status: 'queued', cost })
const templateOf = async (id: string) => (await world.rowOf(id)).content.template?.name

/** The workflow of the document, step by step. */
describe('MS-06..MS-08', () => {
  const to = '212638167216'

  test('no conversation exists: the text is refused, the template is the one to begin with', async () => {
    const refused = await text({ to, text: 'Bonjour' })
    expect([refused.status, refused.headers.get('content-type'), refused.body]).toEqual([
      400,
      expect.stringContaining('application/problem+json'),
      {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: expect.stringContaining('application_received'),
        errorCode: 'WINDOW_CLOSED',
        errors: [],
        requestId: expect.any(String),
        suggestedTemplate: { name: 'application_received', language: 'fr' },
        windowExpiresAt: null,
      },
    ])
    const { status, body } = await template({ candidatePhone: to, ...about })
    expect([status, body]).toEqual([202, sent(String((await world.conversationOf(to))._id), 0.4)])
    expect(await templateOf(body.messageId)).toBe('application_received')
    expect(await world.conversationOf(to)).toMatchObject({ candidateName: 'Ahmed', messageCount: 1 })
  })

  test('the candidate replies: the text goes, the template is refused and names the text endpoint', async () => {
    await world.receive(to, 'Yes interested')
    const conversationId = String((await world.conversationOf(to))._id)
    for (const body of [
      { to, text: 'a' },
      { candidatePhone: `+${to}`, message: 'a' },
      { conversationId, text: 'a' },
    ]) {
      const answer = await text(body)
      expect([answer.status, answer.body]).toEqual([202, sent(conversationId, 0)])
    }
    const refused = await template({ to, ...about })
    expect([refused.status, refused.body.errorCode, refused.body.useInstead]).toEqual([400, 'WINDOW_OPEN', '/api/messages/text'])
    expect(refused.body.detail).toContain('POST /api/messages/text')
  })

  test('the window expires: the template to go on after a pause', async () => {
    await world.closeWindow(to)
    const refused = await text({ to, text: 'a' })
    expect([refused.status, refused.body.errorCode, refused.body.suggestedTemplate.name]).toEqual([
      400,
      'WINDOW_CLOSED',
      'job_opportunity',
    ])
    const { status, body } = await template({ to, variables: ['Ahmed', 'Developer PHP'] })
    expect([status, body]).toEqual([202, sent(ID, 0.4)])
    expect(await templateOf(body.messageId)).toBe('job_opportunity')
    const named = await template({ to, templateName: 'welcome', language: 'en_US', candidateName: 'Ahmed' })
    expect(await templateOf(named.body.messageId)).toBe('welcome')
  })

  test('an account without templates of its own is asked to name one', async () => {
    const answer = await world.call('POST', '/api/messages/template', { to: '212638167299' }, 'other')
    expect([answer.status, answer.body.errorCode]).toEqual([422, 'TEMPLATE_NOT_SET'])
  })

  test.for<[string, string, object]>([
    ['text', 'nobody to send to', { text: 'a' }],
    ['text', 'two names of the recipient', { to: '212638167216', candidatePhone: '212638167216', text: 'a' }],
    ['text', 'nothing to say', { to: '212638167216' }],
    ['text', 'two texts', { to: '212638167216', text: 'a', message: 'b' }],
    ['template', 'nobody to send to', { candidateName: 'a' }],
  ])('%s: refused with 400: %s', async ([path, , body]) => {
    const answer = await world.call('POST', `/api/messages/${path}`, body)
    expect([answer.status, answer.body.errorCode]).toEqual([400, 'BODY_INVALID'])
  })
})

describe('CV-04..CV-07', () => {
  const from = '212638167218'

  test('conversations and messages come in pages', async () => {
    const { at, wamid } = await world.receive(from, 'Yes interested')
    const row = await world.conversationOf(from)
    const { status, body } = await world.call('GET', '/api/conversations?page=1&limit=1')
    expect([status, { ...body, conversations: body.conversations.length }]).toEqual([
      200,
      { conversations: 1, total: expect.any(Number), page: 1, limit: 1, hasMore: true },
    ])
    const id = String(row._id)
    const { conversations } = (await world.call('GET', '/api/conversations')).body
    expect(conversations.find((one: { _id: string }) => one._id === id)).toEqual({
      _id: id,
      id,
      clientId: String(row.clientId),
      candidatePhone: from,
      candidateName: null,
      candidateId: null,
      applicationId: null,
      messageCount: 1,
      lastMessageAt: at.toISOString(),
      lastMessageFrom: 'candidate',
      unreadCount: 1,
      inWindow: true,
      windowExpiresAt: new Date(at.getTime() + 24 * 3_600_000).toISOString(),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    })
    const messages = await world.call('GET', `/api/conversations/${id}/messages?page=1&limit=10`)
    expect([messages.status, messages.body]).toEqual([
      200,
      {
        messages: [
          {
            _id: ID,
            messageId: wamid,
            from: 'candidate',
            type: 'text',
            content: { text: 'Yes interested', templateName: null, mediaUrl: null },
            timestamp: at.toISOString(),
            status: 'received',
            errorMessage: null,
          },
        ],
        total: 1,
        page: 1,
        limit: 10,
        hasMore: false,
      },
    ])
  })

  test('the window is shown as open and closed; reading is stored', async () => {
    const { _id, windowExpiresAt } = await world.conversationOf(from)
    const window = () => world.call('GET', `/api/conversations/${_id}/window`)
    const open = await window()
    expect([open.status, open.body]).toEqual([
      200,
      {
        inWindow: true,
        windowExpiresAt: windowExpiresAt?.toISOString(),
        secondsLeft: expect.any(Number),
        suggestedTemplate: null,
      },
    ])
    const read = await world.call('PATCH', `/api/conversations/${_id}/read`)
    expect([read.status, read.body]).toEqual([200, { success: true }])
    expect((await world.conversationOf(from)).unreadCount).toBe(0)
    await world.closeWindow(from)
    expect((await window()).body).toMatchObject({
      inWindow: false,
      secondsLeft: 0,
      suggestedTemplate: { name: 'job_opportunity', language: 'fr' },
    })
  })
})
