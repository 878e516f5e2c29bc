import { Readable } from 'node:stream'
import { CsvError } from 'csv-parse'
import { expect, test } from 'vitest'
import { csvProblem, delimiterOf, readCsv, shownColumns } from './csv-file.ts'

const fileOf = (...chunks: string[]) => Readable.from(chunks.map(chunk => Buffer.from(chunk)))
const first = (names: string[]) => names[0]

async function read(file: Readable, understand: (names: string[], written: string[]) => unknown = first, from?: number) {
  const rows = []
  for await (const row of readCsv(file, understand, from)) rows.push(row)
  return rows
}

test('cells are found by the lower-case names of their columns, with any delimiter', async () => {
  expect(await read(fileOf('\uFEFFPhone; Name\n+212 6; "Aya, B."\n', '\n;Omar\n'))).toEqual([
    { record: { phone: '+212 6', name: 'Aya, B.' }, columns: 'phone' },
    { record: { phone: '', name: 'Omar' }, columns: 'phone' },
  ])
})

test('reading continues after a given row', async () => {
  const rows = await read(fileOf('to\n1\n2\n3\n'), first, 3)
  expect(rows.map(({ record }) => record.to)).toEqual(['3'])
})

test('a header that is refused ends the reading', async () => {
  const refuse = (_: string[], written: string[]) => {
    throw new Error(`has ${written}`)
  }
  await expect(read(fileOf('Age,City\n1,Rabat\n'), refuse)).rejects.toThrow('has Age,City')
})

test('an invalid CSV is an error, an empty file has no rows', async () => {
  await expect(read(fileOf('to,name\n"1,Aya\n'))).rejects.toBeInstanceOf(CsvError)
  expect(await read(Readable.from([]))).toEqual([])
})

test.for([
  ['phone,name\n1,"a;b;c"', ','],
  ['phone;name\n1;a,b,c,d', ';'],
  ['phone\tname\tcity, country', '\t'],
  ['"a;b;c;d",phone', ','],
  ['phone', ','],
  ['', ','],
] as const)('the delimiter of %j is %j', ([head, expected]) => {
  expect(delimiterOf(head)).toBe(expected)
})

test('[F53] what is wrong with a file is said without its cells', async () => {
  const error = await read(fileOf('to,name\n1,"my illness"x\n')).catch(thrown => thrown)
  expect(error.message).toContain('x')
  expect(csvProblem(error)).toBe('The file is not valid CSV: CSV_INVALID_CLOSING_QUOTE in line 2.')
  expect(shownColumns(['name', '+212661000101', '0661000101', 'x'.repeat(50)])).toBe(`name, …0101, …0101, ${'x'.repeat(40)}`)
})
