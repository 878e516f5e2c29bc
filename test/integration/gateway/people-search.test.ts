import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { searchKeys } from '#shared/domain/contacts/search-keys.ts'
import type { ConversationDoc, Id } from '#shared/model/documents.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { FEW_ROWS, MOST_READ } from '#shared/store/find-people.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type Explained, explainAll } from '#test/support/explain.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'
import { staleKeys } from '#test/support/worlds/stale-keys.ts'

/** Search of people by name, username and phone number: conversations, contacts and leads. */

const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
const commands: SentCommand[] = []
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
})
afterAll(() => stack.disposeAsync())

const call = (method: string, path: string, body?: object, as: Person = 'manager') =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const find = async (list: string, query: Record<string, string>, as: Person = 'manager') =>
  (await call('GET', `/${list}?${new URLSearchParams({ limit: '100', ...query })}`, undefined, as)).body
const nameOf = (row: { name?: string; contact?: { name: string } }) => row.contact?.name ?? row.name
const namesOf = async (list: string, q: string, as: Person = 'manager'): Promise<(string | undefined)[]> =>
  (await find(list, { q }, as)).data.map(nameOf).toSorted()

const bodyOf = (value: object) => {
  const { wabaId, phoneNumberId } = DEMO_TENANTS.demo
  const change = { field: 'messages', value: { metadata: { phone_number_id: phoneNumberId }, ...value } }
  return { entry: [{ id: wabaId, changes: [change] }] }
}

/** A message of a person comes in. */
async function hear(from: string, name: string, word: string): Promise<void> {
  const { store, queue } = gateway
  const events = { publish: async () => undefined, settled: async () => undefined }
  const record = createRecording({ store, queue, log, events, pace: newPace() })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const message = { from, id: `wamid.people.${from}.${word}`, timestamp, type: 'text', text: { body: word } }
  const contacts = [{ profile: { name }, wa_id: from }]
  await record([deliveryOf(bodyOf({ messages: [message], contacts }), new Date())])
}

describe('in the demo', () => {
  test.for<[string, string]>([
    ['salma', 'Salma Idrissi'],
    ['idri SAL', 'Salma Idrissi'],
    ['elodie', 'Élodie Martin'],
    ['ÉLO', 'Élodie Martin'],
    ['يوسف', 'يوسف العلوي'],
    ['يُوسُف', 'يوسف العلوي'],
    ['العل', 'يوسف العلوي'],
    ['karim.b', 'Karim Bennani'],
    ['@KARIM', 'Karim Bennani'],
    ['0102', 'Karim Bennani'],
    ['06 61 00 01 02', 'Karim Bennani'],
    ['+212 661-000102', 'Karim Bennani'],
    ['bennani 0102', 'Karim Bennani'],
  ])('%j finds %j among conversations and contacts', async ([q, name]) => {
    expect(await namesOf('conversations', q)).toEqual([name])
    expect(await namesOf('contacts', q)).toEqual([name])
  })

  test.for(['.*', 's.lma', 'salma|karim', '@', '[a-z]{3}', '\\w+', 'alma', 'salma bennani', '$where', '0103 0102'])(
    '%j is no pattern and finds nobody',
    async q => {
      expect((await find('conversations', { q })).data.map(nameOf)).toEqual([])
      expect((await find('contacts', { q })).total).toBe(0)
    },
  )

  test('one character finds the words that begin with it', async () => {
    expect(await namesOf('contacts', 'é')).toEqual(['Élodie Martin'])
    expect(await namesOf('conversations', 'k')).toEqual(['Karim Bennani'])
    expect(await namesOf('contacts', '2')).toEqual([])
  })

  test('a lead is found by a part of its number, and by its name once it has one', async () => {
    const [lead] = (await find('leads', { q: '0101' })).data
    expect(lead.phone).toBe('+212661000101')
    await call('PATCH', `/leads/${lead.id}`, { name: 'Ünal Şahin' })
    expect(await namesOf('leads', 'sahin unal')).toEqual(['Ünal Şahin'])
    expect(await namesOf('leads', 'whatsapp 0101')).toEqual([])
  })

  test('another tenant finds nobody of this one', async () => {
    expect((await find('conversations', { q: 'elodie' }, 'other')).total).toBe(0)
  })
})

describe('the words of a person', () => {
  test('follow the profile, an edit, and the name of a candidate', async () => {
    await hear('212661860001', 'Mëhdi Ouali', 'one')
    expect(await namesOf('conversations', 'mehdi')).toEqual(['Mëhdi Ouali'])
    await hear('212661860001', 'Mehdi Tahiri', 'two')
    expect(await namesOf('conversations', 'ouali')).toEqual([])
    const [{ id, contact }] = (await find('conversations', { q: 'tahiri' })).data
    await call('PATCH', `/contacts/${contact.id}`, { name: 'Hamza' })
    expect([await namesOf('conversations', 'tahiri'), await namesOf('contacts', 'tahiri')]).toEqual([[], []])
    expect([await namesOf('conversations', 'hamza'), await namesOf('contacts', 'hamza')]).toEqual([['Hamza'], ['Hamza']])
    const send = (candidateName: string, to = '+212661860001') =>
      call('POST', '/messages/send', { to, text: 'hello', candidateName })
    expect((await send('Zakaria Najjar')).status).toBe(202)
    expect(await namesOf('conversations', 'najjar hamza')).toEqual(['Hamza'])
    await send('Walid')
    expect([await namesOf('conversations', 'najjar'), await namesOf('conversations', 'walid 860001')]).toEqual([[], ['Hamza']])
    await call('PATCH', `/contacts/${contact.id}`, { name: 'Reda' })
    expect((await find('conversations', { q: 'walid reda' })).data.map((row: { id: string }) => row.id)).toEqual([id])
    expect(await staleKeys(gateway.store)).toEqual([])
  })

  test('of a contact that a user creates are found at once', async () => {
    await call('POST', '/contacts', { phone: '+212661860002', name: 'Ørsted Łukasz' })
    expect(await namesOf('contacts', 'orsted lukasz 0002')).toEqual(['Ørsted Łukasz'])
  })

  test('are filled in rows of before, also in those that a process of before has changed, and not twice', async () => {
    const { raw } = gateway.store
    await raw.contacts.updateMany({}, { $unset: { keys: 1 } })
    await raw.leads.updateMany({}, { $unset: { keys: 1 } })
    await raw.conversations.updateMany({}, { $unset: { 'contact.keys': 1 } })
    expect(await namesOf('conversations', 'salma')).toEqual([])
    await migrate(gateway.store)
    expect(await staleKeys(gateway.store)).toEqual([])
    expect(await namesOf('conversations', 'salma')).toEqual(['Salma Idrissi'])
    const [{ id }] = (await find('conversations', { q: 'salma' })).data
    const _id = new Types.ObjectId(id as string)
    const { contact } = (await raw.conversations.findOne({ _id })) as ConversationDoc
    const { keys: _, ...copy } = contact
    await raw.conversations.updateOne({ _id }, { $set: { contact: { ...copy, name: 'Selma' } } })
    commands.length = 0
    await migrate(gateway.store)
    expect(await namesOf('conversations', 'selma')).toEqual(['Selma'])
    expect(commands.filter(({ name }) => name === 'update')).toHaveLength(1)
    await raw.conversations.updateOne({ _id }, { $set: { contact } })
  })
})

interface Found {
  names: string[]
  total: number
  totalIsExact: boolean
  explained: Explained[]
}

describe('among many', () => {
  const MANY = MOST_READ + 2350
  /** The oldest ones, which have a word that is not rare: none of them is among the newest. */
  const OLD = FEW_ROWS + 300
  /** Of the newest few enough to leave a page of them not full, of the old ones more than are read by their keys. */
  const isThin = (i: number) => (i < MOST_READ ? i % 250 === 1 : true)
  const people = Array.from({ length: MANY }, (_, i) => ({
    name: [i % 2 ? 'Common' : 'Other', !(i % 500) && 'Seldom', i >= MANY - OLD && 'Ancient', isThin(i) && 'Thin', `n${i}`]
      .filter(Boolean)
      .join(' '),
    isClosed: i % 3 === 0,
  }))
  const inOrder = (...words: string[]) => people.filter(({ name }) => words.every(word => ` ${name}`.includes(` ${word}`)))

  beforeAll(async () => {
    const { raw } = gateway.store
    const like = (await raw.conversations.findOne({ tenantId })) as ConversationDoc
    const rows = people.map(({ name, isClosed }, i) => {
      const keys = searchKeys({ name })
      return {
        ...like,
        _id: new Types.ObjectId(),
        contactId: new Types.ObjectId(),
        contact: { ...like.contact, name, phone: null, waId: null, username: null, keys },
        candidateName: null,
        status: isClosed ? ('closed' as const) : ('open' as const),
        snoozedUntil: null,
        // Several of the same time, so that a cursor stands between them.
        lastActivityAt: new Date(Date.UTC(2026, 0, 1) - Math.floor(i / 7) * 60_000),
      }
    })
    // Of the same time the greater id comes first.
    await raw.conversations.insertMany(rows.map((row, i) => ({ ...row, _id: rows[i - (i % 7) + (6 - (i % 7))]?._id ?? row._id })))
  })

  const page = async (query: Record<string, string>): Promise<Found> => {
    commands.length = 0
    const body = await find('conversations', { limit: '25', ...query })
    const sent = commands.filter(({ collection }) => collection === 'conversations')
    return { ...body, names: body.data.map(nameOf), explained: await explainAll(gateway.store, sent) }
  }
  const first = (list: typeof people, count = 25) => list.slice(0, count).map(({ name }) => name)

  test('a word that few have is read by its keys', async () => {
    const { names, explained, total, totalIsExact } = await page({ q: 'seldom' })
    expect(names).toEqual(first(inOrder('Seldom')))
    expect([total, totalIsExact]).toEqual([inOrder('Seldom').length, true])
    for (const one of explained) expect([one.what, one.isScan, one.indexes]).toEqual([one.what, false, ['tenant_keys']])
    expect(Math.max(...explained.map(({ examined }) => examined))).toBe(inOrder('Seldom').length)
  })

  test('of several words the one that the fewest have is read, in any order', async () => {
    for (const q of ['common seldom', 'seldom common']) {
      const { names, explained } = await page({ q })
      expect(names).toEqual(first(inOrder('Seldom', 'Common')))
      expect(Math.max(...explained.map(({ examined }) => examined))).toBe(inOrder('Seldom').length)
    }
  })

  test('a word that many have is read in the order of the list until the page is full', async () => {
    const { names, explained, total, totalIsExact } = await page({ q: 'comm' })
    expect(names).toEqual(first(inOrder('Common')))
    expect([total, totalIsExact]).toEqual([FEW_ROWS, false])
    const finds = explained.filter(({ found }) => found === 26)
    expect(finds.flatMap(({ indexes }) => indexes)).toEqual(['tenant_activity'])
    expect(Math.max(...explained.map(({ examined }) => examined))).toBeLessThan(100)
  })

  test('a word that many old rows have is found, and no more than the newest rows are read in vain', async () => {
    const { names, explained, total } = await page({ q: 'ancient' })
    expect(names).toEqual(first(inOrder('Ancient')))
    expect(total).toBe(FEW_ROWS)
    expect(Math.max(...explained.map(({ examined }) => examined))).toBeLessThan(MOST_READ + 10)
  })

  test('a word that some of the newest rows have is read on in the order of the list', async () => {
    const { names, explained } = await page({ q: 'thin' })
    expect(names).toEqual(first(inOrder('Thin')))
    const finds = explained.filter(({ what }) => what.startsWith('find'))
    expect(finds.flatMap(({ indexes }) => indexes)).not.toContain('tenant_keys')
    // The second reading begins where the first ended.
    expect(Math.max(...finds.map(({ examined }) => examined))).toBeLessThan(MOST_READ + 10)
  })

  test.for([
    [{ q: 'comm' }, ['Common']],
    [{ q: 'thin' }, ['Thin']],
    [{ q: 'ancient' }, ['Ancient']],
    [{ q: 'seldom' }, ['Seldom']],
    [{ q: 'other ancient' }, ['Other', 'Ancient']],
  ] as const)('%j: a cursor goes through all that was found, each once, in order', async ([query, words]) => {
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { data, nextCursor } = await find('conversations', { ...query, ...(cursor && { cursor }) })
      seen.push(...data.map(nameOf))
      cursor = nextCursor
    }
    expect(seen).toEqual(first(inOrder(...words), MANY))
  })

  test('numbered pages and filters give what one list gives', async () => {
    const open = inOrder('Common').filter(({ isClosed }) => !isClosed)
    expect((await page({ q: 'common', status: 'open', page: '3' })).names).toEqual(first(open.slice(50)))
    const { names, total, explained } = await page({ q: 'seldom', status: 'open' })
    expect(names).toEqual(inOrder('Seldom').flatMap(({ name, isClosed }) => (isClosed ? [] : name)))
    expect(total).toBe(names.length)
    expect(explained.filter(({ isScan }) => isScan)).toEqual([])
  })

  test('who sees the own conversations alone finds those alone, by either way', async () => {
    const { raw } = gateway.store
    const agent = await userByEmail(gateway.store, PEOPLE.agent)
    await call('PUT', '/settings', { agentsSeeOwnOnly: true }, 'admin')
    const mine = inOrder('Common').filter((_, i) => i % 900 === 0)
    const filter = { tenantId, 'contact.name': { $in: mine.map(({ name }) => name) } }
    await raw.conversations.updateMany(filter, { $set: { assignedTo: { id: agent._id, name: agent.name } } })
    expect((await find('conversations', { q: 'common' }, 'agent')).data.map(nameOf)).toEqual(first(mine))
    expect((await find('conversations', { q: `n${people.indexOf(mine[1] as never)}` }, 'agent')).data).toHaveLength(1)
    expect((await find('conversations', { q: 'n10' }, 'agent')).data.map(nameOf)).toEqual(
      first(mine.filter(({ name }) => / n10/.test(name))),
    )
    await call('PUT', '/settings', { agentsSeeOwnOnly: false }, 'admin')
  })
})
