import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { type CsvForm, type CsvOptions, readCsv, shownColumns } from './csv-file.ts'
import { RefusedFile } from './refused-file.ts'

const bytes = (text: string, encoding: 'utf8' | 'utf16le' | 'latin1' = 'utf8') => Buffer.from(text, encoding)

/** The header and the rows of a file, which comes in pieces of a few bytes. */
async function read(file: Buffer, options: CsvOptions & { piece?: number } = {}) {
  const { piece = 7, ...how } = options
  const pieces = () =>
    Readable.from(Array.from({ length: Math.ceil(file.length / piece) }, (_, i) => file.subarray(i * piece, (i + 1) * piece)))
  let header: string[] = []
  let form: CsvForm | null = null
  const understand = (written: string[], its: CsvForm) => {
    header = written
    form = its
  }
  const rows: (string[] | string)[] = []
  for await (const { cells, problem } of readCsv(async () => pieces(), understand, how)) rows.push(problem?.text ?? cells)
  return { header, rows, form: form as CsvForm | null }
}

test('cells are read with any separator, mark and kind of line end', async () => {
  const rows = [
    ['+212 6', 'Aya, B.'],
    ['', 'Omar'],
  ]
  expect(await read(bytes('\uFEFFPhone; Name\n+212 6; "Aya, B."\n\n;Omar\n'))).toMatchObject({ header: ['Phone', 'Name'], rows })
  for (const end of ['\n', '\r\n', '\r'])
    for (const separator of [',', ';', '\t', '|']) {
      const text = [
        ['Phone', 'Name'],
        ['+212 6', '"Aya, B."'],
        ['""', 'Omar'],
      ]
        .map(row => row.join(separator))
        .join(end)
      expect(await read(bytes(text)), JSON.stringify(text)).toMatchObject({
        header: ['Phone', 'Name'],
        rows,
        form: { separator },
      })
    }
})

test('line ends may be mixed, and those within quotes are kept', async () => {
  expect((await read(bytes('a,b\r\n1,"x\ny"\n2,z\r3,"u\r\nv"\r\n'))).rows).toEqual([
    ['1', 'x\ny'],
    ['2', 'z'],
    ['3', 'u\r\nv'],
  ])
})

test.for<[string, string]>([
  ['phone,name\n1,"a;b;c"', ','],
  ['phone;name\n1;a,b,c,d', ';'],
  ['Nom, prénom;Téléphone\nAya B.;1\nOmar;2', ';'],
  ['phone\tname\tcity, country', '\t'],
  ['"a;b;c;d",phone', ','],
  ['phone', ','],
  ['sep=;\nNom, prénom;x\n1;2', ';'],
  ['"sep=^"\na^b\n1^2', '^'],
])('the separator of %j is %j', async ([text, separator]) => {
  expect((await read(bytes(text))).form?.separator).toBe(separator)
})

test('a bad row is one bad row', async () => {
  const { rows } = await read(
    bytes('to,name\n1,"Aya\n2,Omar\n3,12" pipe\n4,"my illness"x\n5,"Nora ""N"" B"\n6,Sara,more\n7\n,\n8,"two\nlines"\n'),
  )
  const torn = 'A quotation mark of the row is not closed, or stands in the middle of a cell.'
  expect(rows).toEqual([
    torn,
    ['2', 'Omar'],
    ['3', '12" pipe'],
    torn,
    ['5', 'Nora "N" B'],
    ['6', 'Sara', 'more'],
    ['7'],
    ['8', 'two\nlines'],
  ])
})

test('rows are not swallowed by two quotation marks that do not belong together', async () => {
  const { rows } = await read(bytes('phone,name\n+212661000101,"Aya\n+212661000102,Omar\n+212661000103,Nora"\n'))
  expect(rows.slice(1)).toEqual([['+212661000102', 'Omar'], expect.anything()])
})

test('a guard against formulas is taken off, and a formula that only keeps a text', async () => {
  const { rows } = await read(bytes(`a,b\n="0661000101",'=1+1\n"=""0661000102""",=1+1\n'+212,'quoted'\n`))
  expect(rows).toEqual([
    ['0661000101', '=1+1'],
    ['0661000102', '=1+1'],
    ['+212', "'quoted'"],
  ])
})

test('a row that is too long is a bad row', async () => {
  const { rows } = await read(bytes(`to,name\n1,"${'x'.repeat(70_000)}"\n2,Omar\n`), { piece: 8192 })
  expect(rows).toEqual([expect.stringContaining('longer'), ['2', 'Omar']])
})

test('reading continues after a given row', async () => {
  expect((await read(bytes('to\n1\n2\n3\n'), { from: 3 })).rows).toEqual([['3']])
})

test('a header that is refused ends the reading, an empty file has no rows', async () => {
  const refuse = (written: string[]) => {
    throw new Error(`has ${written}`)
  }
  const reading = async () => {
    for await (const _ of readCsv(async () => Readable.from([bytes('Age,City\n1,Rabat\n')]), refuse)) break
  }
  await expect(reading()).rejects.toThrow('has Age,City')
  expect(await read(bytes(''))).toEqual({ header: [], rows: [], form: null })
})

const FRENCH = 'nom;téléphone;ville\nHélène Côté;+212661000101;Salé\nZoé Bérangère;+212661000102;Fès\n'
const ARABIC = 'الاسم;الهاتف;المدينة\nمحمد العلوي;+212661000101;الرباط\nفاطمة الزهراء;+212661000102;فاس\n'
const RUSSIAN = 'имя;телефон\nИван Петров;+79123456789\nАнна Смирнова;+79123456780\n'
const POLISH = 'imię;telefon\nŁukasz Wójcik;+48601000001\nGrażyna Żółkiewska;+48601000002\n'
const HEBREW = 'שם;טלפון\nדוד לוי;+972501234567\nשרה כהן;+972501234568\n'

test.for<[string, string, string, string | null]>([
  ['utf-8', FRENCH, 'utf-8', 'MA'],
  ['utf-8', ARABIC, 'utf-8', null],
  ['utf-16le', ARABIC, 'utf-16le', 'MA'],
  ['utf-16be', FRENCH, 'utf-16be', 'FR'],
  ['windows-1252', FRENCH, 'windows-1252', 'FR'],
  ['windows-1252', FRENCH, 'windows-1252', 'MA'],
  ['windows-1256', ARABIC, 'windows-1256', 'MA'],
  ['windows-1256', ARABIC, 'windows-1256', 'FR'],
  ['macintosh', FRENCH, 'macintosh', 'FR'],
  ['windows-1251', RUSSIAN, 'windows-1251', 'RU'],
  ['windows-1251', RUSSIAN, 'windows-1251', 'MA'],
  ['windows-1250', POLISH, 'windows-1250', 'PL'],
  ['windows-1255', HEBREW, 'windows-1255', 'IL'],
])('%s is recognised (text %#)', async ([encoding, text, recognised, country]) => {
  const { header, rows, form } = await read(encoded(text, encoding), { country })
  const lines = text
    .trim()
    .split('\n')
    .map(line => line.split(';'))
  expect([header, ...rows]).toEqual(lines)
  expect(form?.encoding).toBe(recognised)
})

test('UTF-16 is recognised without its mark, and an encoding may be named', async () => {
  expect((await read(encoded(ARABIC, 'utf-16le').subarray(2))).form?.encoding).toBe('utf-16le')
  expect((await read(encoded(FRENCH, 'windows-1252'), { encoding: 'windows-1250' })).rows[0]).toEqual([
    'Hélčne Côté',
    '+212661000101',
    'Salé',
  ])
})

test.for<[string, Buffer, RegExp]>([
  ['a workbook', Buffer.from('PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0', 'latin1'), /workbook/],
  ['an old workbook', Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]), /\.xls/],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /UTF-32/],
  ['damaged UTF-8', Buffer.concat([bytes(FRENCH), Buffer.from([0xe9, 0x0a])]), /UTF-8/],
  ['damaged UTF-16', Buffer.concat([encoded(ARABIC, 'utf-16le'), Buffer.from([0x00, 0xd8, 0x0a, 0x00])]), /UTF-16LE/],
  ['a code page of DOS', Buffer.from('nom;tel\nH\x82l\x8ane C\x93t\x82;+212661000101\n', 'latin1'), /not known/],
])('%s is refused by its name, before any row', async ([, file, message]) => {
  const error = await read(file).catch(thrown => thrown)
  expect(error).toBeInstanceOf(RefusedFile)
  expect(error.message).toMatch(message)
})

test('[F53] what is wrong with a file is said without its cells', async () => {
  const { rows } = await read(bytes('to,name\n1,"my illness"x\n'))
  expect(String(rows[0])).not.toContain('illness')
  expect(shownColumns(['name', '+212661000101', '0661000101', 'x'.repeat(50)])).toBe(`name, …0101, …0101, ${'x'.repeat(40)}`)
})

/** Bytes of a text in an encoding that Node only decodes. */
function encoded(text: string, encoding: string): Buffer {
  if (encoding === 'utf-8') return bytes(text)
  if (encoding === 'utf-16le') return bytes(`\uFEFF${text}`, 'utf16le')
  if (encoding === 'utf-16be') return bytes(`\uFEFF${text}`, 'utf16le').swap16()
  const decoder = new TextDecoder(encoding)
  const codes = new Map(Array.from({ length: 256 }, (_, code) => [decoder.decode(Uint8Array.of(code)), code] as const).reverse())
  return Buffer.from([...text].map(character => codes.get(character) ?? expect.fail(`${encoding} has no ${character}`)))
}
