import { expect, test } from 'vitest'
import { type ContactColumns, contactColumns, phoneColumn } from './contact-columns.ts'
import { readContactRow } from './contact-row.ts'

const columnsOf = (written: string[], input: Parameters<typeof contactColumns>[1] = {}, known: string[] = []) =>
  contactColumns({ written, known: new Set(known) }, input)
const attributesOf = (columns: ContactColumns | null) => Object.fromEntries(columns?.attributes ?? [])

test('columns are found by usual names, or by the names that the caller gives', () => {
  const french = columnsOf(['nom', 'Téléphone', 'Ville'])
  expect(french).toMatchObject({ phone: 1, userId: null, name: [0], optOut: null })
  expect(attributesOf(french)).toEqual({ 2: 'ville' })
  const named = columnsOf(['phone', 'handy', 'label'], { phone: 'Handy', name: 'label' })
  expect(named).toMatchObject({ phone: 1, name: [2] })
  expect(attributesOf(named)).toEqual({ 0: 'phone' })
  expect(columnsOf(['bsuid'])).toMatchObject({ userId: 0, phone: null })
  expect(columnsOf(['city'])).toBeNull()
  expect(columnsOf(['phone'], { phone: 'handy' })).toBeNull()
})

test.for<[string, string[], { phone: number; name: number[] }]>([
  ['a form', ['Full Name', 'Phone Number', 'City'], { phone: 1, name: [0] }],
  [
    'Google',
    ['First Name', 'Last Name', 'Labels', 'E-mail 1 - Value', 'Phone 1 - Label', 'Phone 1 - Value'],
    { phone: 5, name: [0, 1] },
  ],
  ['Google before 2024', ['Name', 'Given Name', 'Family Name', 'Phone 1 - Type', 'Phone 1 - Value'], { phone: 4, name: [0] }],
  ['Outlook', ['First Name', 'Last Name', 'Business Phone', 'Mobile Phone'], { phone: 3, name: [0, 1] }],
  ['French Outlook', ['Prénom', 'Nom', 'Tél. mobile'], { phone: 2, name: [0, 1] }],
  ['a French list', ['Nom et prénom', 'N° de téléphone'], { phone: 1, name: [0] }],
  ['an Arabic list', ['الاسم الكامل', 'رقم الهاتف', 'المدينة'], { phone: 1, name: [0] }],
  ['an Arabic list with hamza and tatweel', ['الإسم', 'الجـوال'], { phone: 1, name: [0] }],
  ['a Spanish list', ['Nombre', 'Teléfono móvil'], { phone: 1, name: [0] }],
])('the columns of %s are known', ([, written, expected]) => {
  expect(columnsOf(written)).toMatchObject(expected)
  expect(phoneColumn(written)).toBe(expected.phone)
})

test('no two columns become one attribute', () => {
  const columns = columnsOf(['phone', 'City', 'city', '', 'المدينة', 'الحي', 'ville de départ', 'Phone'])
  expect(attributesOf(columns)).toEqual({
    1: 'city',
    2: 'city_3',
    3: 'column_4',
    4: 'المدينة',
    5: 'الحي',
    6: 'ville_de_depart',
    7: 'phone',
  })
})

test('our own export is read by its places, and attributes keep their names', () => {
  const columns = columnsOf(['phone', 'user_id', 'name', 'opt_out', 'City', 'to', 'name'])
  expect(columns).toMatchObject({ phone: 0, userId: 1, name: [2], optOut: 3 })
  expect(attributesOf(columns)).toEqual({ 4: 'City', 5: 'to', 6: 'name' })
})

const columns = columnsOf(['phone', 'user_id', 'name', 'opt_out', 'ville de départ']) as ContactColumns
const NAMES = ['phone', 'user_id', 'name', 'opt_out', 'ville de départ']
const read = (record: Record<string, string>) =>
  readContactRow(
    NAMES.map(name => record[name] ?? ''),
    columns,
    '212600111222',
  )

test('a row becomes a contact with attributes', () => {
  expect(read({ phone: '0661 00 01 01', name: ' Salma ', opt_out: 'Oui', 'ville de départ': 'Rabat' })).toEqual({
    waId: '212661000101',
    userId: null,
    key: '212661000101',
    name: 'Salma',
    optOut: true,
    attributes: { ville_de_depart: 'Rabat' },
  })
  expect(read({ phone: 'MA.41982200731550066712' })).toMatchObject({
    waId: null,
    userId: 'MA.41982200731550066712',
    optOut: false,
  })
  const both = [read({ phone: '+5511991234567' }), read({ phone: '551191234567' })]
  expect(new Set(both.map(row => ('key' in row ? row.key : row.problem))).size).toBe(1)
})

test('first and last name are joined and stay attributes; a cell beyond the header is kept', () => {
  const google = columnsOf(['First Name', 'Last Name', 'Phone 1 - Value']) as ContactColumns
  expect(readContactRow(['Hind', 'Alami', '+212661000101', 'left over'], google, null)).toMatchObject({
    name: 'Hind Alami',
    attributes: { first_name: 'Hind', last_name: 'Alami', column_4: 'left over' },
  })
})

test('a name in composed and decomposed letters is the same', () => {
  expect(read({ phone: '0661000101', name: 'He\u0301le\u0300ne' })).toMatchObject({ name: 'H\u00e9l\u00e8ne' })
})

test('a number of our own export has its country code, even if it could be one of the own country', () => {
  expect(read({ phone: '687723456' })).toMatchObject({ waId: '687723456' })
  const other = columnsOf(['name', 'phone']) as ContactColumns
  expect(readContactRow(['Salma', '687723456'], other, '212600111222')).toMatchObject({
    problem: { text: expect.stringContaining('+') },
  })
})

test.for([
  [{ phone: 'abc' }, 'The phone number is not valid.', 'phone-invalid', {}],
  [{}, 'The row has neither a phone number nor a user id.', 'person-missing', {}],
  [{ user_id: '42' }, 'The user id is not a business-scoped user id.', 'user-id-invalid', {}],
  [{ phone: '0661000101', name: 'x'.repeat(201) }, 'The name is longer than 200 characters.', 'name-too-long', { most: '200' }],
  [
    { phone: '0661000101', 'ville de départ': 'x'.repeat(1001) },
    'The attribute ville_de_depart is longer than 1000 characters.',
    'attribute-too-long',
    { attribute: 'ville_de_depart', most: '1000' },
  ],
  [{ phone: '0661000101', opt_out: 'perhaps' }, 'The opt-out is neither yes nor no.', 'opt-out-unclear', {}],
] as const)('%j is refused: %s', ([record, text, key, parameters]) => {
  expect(read(record)).toEqual({ problem: { text, key, parameters } })
})
