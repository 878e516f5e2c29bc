import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdLease } from '#shared/store/leases.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'
import { staleKeys } from '#test/support/worlds/stale-keys.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

async function send(csv: string | Uint8Array<ArrayBuffer>, query = '', as: Person = 'manager', type = 'text/csv') {
  const headers = { authorization: `Bearer ${await gateway.tokenFor(as)}`, 'content-type': type }
  const answer = await fetch(`${gateway.url}/api/v1/contacts/import${query}`, { method: 'POST', headers, body: csv })
  const text = await answer.text()
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}
const find = async (q: string) => (await gateway.call('GET', `/api/v1/contacts?q=${encodeURIComponent(q)}`, { as: 'agent' })).body

const CSV = `Nom;Téléphone;Ville;opt_out
Aïcha;0661 84 00 01;Rabat;
Brahim;+212661840002;"Fès; médina";oui
;not a number;Agadir;
Chama;0661840003;Oujda;
Double;+212 661 84 00 01;Tanger;
`

test('[F52] a company imports one file at a time', async () => {
  const { tenantId } = await userByEmail(gateway.store, PEOPLE.manager)
  const held = await holdLease(gateway.store, { name: `import:${tenantId}`, owner: 'another import', ttlMs: 60_000 })
  const refused = await send(CSV, '?dryRun=true')
  expect([refused.status, refused.body.errorCode]).toEqual([409, 'IMPORT_RUNNING'])
  await held[Symbol.asyncDispose]()
  expect((await send(CSV, '?dryRun=true')).status).toBe(200)
})

const INVALID = { key: 'phone-invalid', parameters: {} }

test('a file becomes contacts, and says which rows do not', async () => {
  const dry = await send(CSV, '?dryRun=true')
  expect(dry.body).toMatchObject({ dryRun: true, read: 5, created: 3, refused: 2 })
  expect((await find('21266184')).total).toBe(0)

  const { status, body } = await send(CSV)
  expect(status).toBe(200)
  expect(body).toEqual({
    dryRun: false,
    read: 5,
    created: 3,
    updated: 0,
    unchanged: 0,
    refused: 2,
    refusedRows: [
      { row: 3, value: 'not a number', problem: 'The phone number is not valid.', problemKey: INVALID },
      {
        row: 5,
        value: '+212 661 84 00 01',
        problem: 'The contact is already in row 1.',
        problemKey: { key: 'contact-repeated', parameters: { row: '1' } },
      },
    ],
    file: {
      encoding: 'utf-8',
      separator: ';',
      columns: ['Nom', 'Téléphone', 'Ville', 'opt_out'],
      phoneColumn: 'Téléphone',
      nameColumns: ['Nom'],
    },
  })
  expect((await find('212661840002')).data).toMatchObject([
    { name: 'Brahim', nameSource: 'agent', optOut: true, optOutSource: 'import', attributes: { ville: 'Fès; médina' } },
  ])
  expect((await send(CSV)).body).toMatchObject({ created: 0, updated: 0, unchanged: 3 })
  expect(await gateway.store.raw.auditLog.countDocuments({ action: 'contacts.import' })).toBe(2)
  expect(await gateway.store.connection.collection('fs.files').countDocuments({ filename: /imports/ })).toBe(0)
})

test('existing contacts get a name and attributes, also in their conversations; an empty cell removes nothing', async () => {
  const before = (await find('karim.b')).data[0]
  const { body } = await send(`phone,name,city,optout\n${before.phone},Karim B.,Salé,\n`)
  expect(body).toMatchObject({ created: 0, updated: 1 })
  const [after] = (await find('Karim B.')).data
  expect(after).toMatchObject({ id: before.id, name: 'Karim B.', attributes: { city: 'Salé' }, optOut: before.optOut })
  const conversations = await gateway.call('GET', '/api/v1/conversations?q=Karim%20B.', { as: 'agent' })
  expect(conversations.body.data[0]).toMatchObject({ contact: { name: 'Karim B.' } })
  expect((await send(`phone,name\n${before.phone},\n`)).body).toMatchObject({ unchanged: 1 })
})

test('[F52] all contacts come as a file that can be imported again', async () => {
  const headers = async (as: Person) => ({ authorization: `Bearer ${await gateway.tokenFor(as)}` })
  const url = `${gateway.url}/api/v1/contacts/export.csv`
  expect((await fetch(url, { headers: await headers('agent') })).status).toBe(403)
  const answer = await fetch(url, { headers: await headers('manager') })
  const csv = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/csv')
  expect(csv.split('\n')[0]).toContain('phone,user_id,name,opt_out,')
  expect(csv).toMatch(/212661840002,,Brahim,yes,.*"?Fès; médina/)
  const { total } = (await gateway.call('GET', '/api/v1/contacts', { as: 'agent' })).body
  expect((await send(csv)).body).toMatchObject({ read: total, created: 0, updated: 0, unchanged: total, refused: 0 })
  expect(await gateway.store.raw.auditLog.countDocuments({ action: 'contacts.exportAll' })).toBe(1)
})

test('refused rows come as a file of their own', async () => {
  const { body } = await send('phone\nabc\n=1+1\n', '?report=csv&dryRun=true')
  expect(body.split('\n').slice(0, 3)).toEqual([
    'row,value,problem,key,parameters',
    '1,abc,The phone number is not valid.,phone-invalid,{}',
    "2,'=1+1,The phone number is not valid.,phone-invalid,{}",
  ])
})

test('a file without a known column of numbers names its columns, one of which may then be named', async () => {
  const refused = await send('Quoi,Wer\n0661840010,Dris\n', '?dryRun=true')
  expect(refused).toMatchObject({ status: 422, body: { errorCode: 'COLUMN_MISSING', columns: ['Quoi', 'Wer'] } })
  const [phone, name] = refused.body.columns
  expect((await send('Quoi,Wer\n0661840010,Dris\n', `?dryRun=true&phone=${phone}&name=${name}`)).body).toMatchObject({
    created: 1,
    file: { columns: ['Quoi', 'Wer'], phoneColumn: 'Quoi', nameColumns: ['Wer'] },
  })
})

test.for([
  ['city\nRabat\n', '', 422, 'COLUMN_MISSING'],
  ['PK\x03\x04\x14\0\x06\0', '', 422, 'CSV_INVALID'],
  ['phone\n0661840009\n', '?encoding=utf-7', 400, 'QUERY_INVALID'],
  ['phone\n0661840009\n', '?phone=handy', 422, 'COLUMN_MISSING'],
] as const)('%j is refused', async ([csv, query, status, errorCode]) => {
  expect(await send(csv, query)).toMatchObject({ status, body: { errorCode } })
})

test('what a spreadsheet did to a number is mended if nothing is lost, and refused with its row if something is', async () => {
  const numbers = [
    '212661850001.0',
    '"2,12661850002E+11"',
    '"2,12661E+11"',
    '\u202a+212661850003\u202c',
    '٠٦٦١٨٥٠٠٠٤',
    '"\'+212661850005"',
  ]
  const { body } = await send(`phone,name\n${numbers.map((number, i) => `${number},P${i}`).join('\n')}\n`)
  expect(body).toMatchObject({ created: 5, refused: 1, refusedRows: [{ row: 3, problem: expect.stringContaining('exponent') }] })
  expect((await find('21266185')).data.map((one: { waId: string }) => one.waId).toSorted()).toEqual([
    '212661850001',
    '212661850002',
    '212661850003',
    '212661850004',
    '212661850005',
  ])
  expect((await find('٢١٢٦٦١٨٥٠٠٠٤')).total).toBe(1)
  const answer = await gateway.call('POST', '/api/v1/contacts', { as: 'agent', body: { phone: '212661850001.5' } })
  expect([answer.status, answer.body.errorCode, answer.body.detail]).toEqual([
    422,
    'PHONE_INVALID',
    expect.stringContaining('fraction'),
  ])
})

test('a refused file writes nothing, whatever its first rows are', async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => `+21266186${String(i).padStart(4, '0')},Aya`).join('\n')
  const damaged = Buffer.concat([Buffer.from(`\uFEFFphone,name\n${rows}\n+212661869999,`), Buffer.from([0xe9, 0x0a])])
  expect(await send(new Uint8Array(damaged))).toMatchObject({ status: 422, body: { errorCode: 'ENCODING_UNKNOWN' } })
  expect((await find('21266186')).total).toBe(0)
})

test('a file of Excel in Arabic or French keeps its names; a browser may call it a workbook', async () => {
  const latin = Buffer.from('Nom;Numéro de téléphone\nZoé Bérangère;0661870001\n', 'latin1')
  const { body } = await send(new Uint8Array(latin), '', 'manager', 'application/vnd.ms-excel')
  expect(body).toMatchObject({ created: 1, file: { encoding: 'windows-1252', separator: ';' } })
  const wide = Buffer.from('\uFEFFالاسم\tرقم الهاتف\nمحمد العلوي\t٠٦٦١٨٧٠٠٠٢\n', 'utf16le')
  expect((await send(new Uint8Array(wide))).body).toMatchObject({ created: 1, file: { encoding: 'utf-16le', separator: '\t' } })
  expect((await find('21266187')).data.map((one: { name: string }) => one.name).toSorted()).toEqual([
    'Zoé Bérangère',
    'محمد العلوي',
  ])
})

test('attributes of any name and kind, and texts like formulas, come back from an export as they were', async () => {
  const attributes = {
    City: 'Rabat',
    city: 'Fès',
    to: '0612345678',
    phone: 'none',
    is_new: true,
    score: -5,
    note: "'=1+1",
    المدينة: ' a\r\nb ',
  }
  const body = { phone: '+212661880001', name: '=HYPERLINK("x")', attributes }
  expect((await gateway.call('POST', '/api/v1/contacts', { as: 'agent', body })).status).toBe(201)
  const headers = { authorization: `Bearer ${await gateway.tokenFor('manager')}` }
  const csv = await (await fetch(`${gateway.url}/api/v1/contacts/export.csv`, { headers })).text()
  expect(csv).not.toMatch(/[,\n]"?=/)
  const { total } = (await gateway.call('GET', '/api/v1/contacts', { as: 'agent' })).body
  expect((await send(csv)).body).toMatchObject({ read: total, created: 0, updated: 0, unchanged: total, refused: 0 })
  expect((await find('212661880001')).data).toMatchObject([{ name: body.name, attributes }])
  // Where the contact is not known it is made anew, with all its texts.
  await gateway.store.raw.contacts.deleteMany({ waId: '212661880001' })
  expect((await send(csv)).body).toMatchObject({ created: 1, updated: 0, refused: 0 })
  expect((await find('212661880001')).data).toMatchObject([
    { name: body.name, attributes: { ...attributes, is_new: 'true', score: '-5', المدينة: 'a\r\nb' } },
  ])
})

test('who was imported, changed or sent to is found by the words of the present name and number', async () => {
  expect(await staleKeys(gateway.store)).toEqual([])
})

test('agents may not, and nothing but CSV is taken', async () => {
  expect((await send('phone\n', '', 'agent')).status).toBe(403)
  expect((await send('{}', '', 'manager', 'application/json')).status).toBe(415)
})

test('ten thousand rows are made at once', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `+2126700${String(i).padStart(5, '0')},P${i}`)
  const { body } = await send(`phone,name\n${rows.join('\n')}\n`)
  expect(body).toMatchObject({ read: 10_000, created: 10_000, refused: 0 })
}, 240_000)
