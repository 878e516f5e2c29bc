import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { contactColumns } from '../../domain/contacts/contact-columns.ts'
import { readContactRow } from '../../domain/contacts/contact-row.ts'
import { ROOT } from '../../process/config.ts'
import { readCsv } from './csv-file.ts'

interface CsvFile {
  program: string
  encoding: string
  separator: string
  base64: string
}
/** One table as other programs write it: `test/support/make-csv-files.ts`. */
const FILES: CsvFile[] = JSON.parse(readFileSync(path.join(ROOT, 'test/fixtures/csv-files.json'), 'utf8'))

const ROWS = [
  { waId: '212661000101', name: 'Hélène Côté', optOut: true, attributes: { ville: 'Fès; médina' } },
  { waId: '212661000102', name: 'Zoé "Zaza" Bérangère', optOut: false, attributes: { ville: 'Salé, près du port' } },
  { waId: '212661000103', name: '=François', optOut: false, attributes: { ville: 'ligne 1\nligne 2' } },
  { waId: '212661000104', name: 'Noël', optOut: true, attributes: { ville: "à l'étage" } },
]

test('three programs, five encodings and three separators are there', () => {
  const kinds = (name: 'program' | 'encoding' | 'separator') => new Set(FILES.map(file => file[name])).size
  expect([FILES.length, kinds('program'), kinds('encoding'), kinds('separator')]).toEqual([45, 3, 5, 3])
})

test.for(FILES)('$program in $encoding with $separator gives the same rows', async ({ base64, separator }) => {
  for (const country of ['MA', 'FR', null]) {
    const rows: unknown[] = []
    const understand = (written: string[], form: { separator: string }) => {
      expect(form.separator).toBe(separator)
      return contactColumns({ written, known: new Set() }, {})
    }
    for await (const { cells, columns, problem } of readCsv(
      async () => Readable.from([Buffer.from(base64, 'base64')]),
      understand,
      { country },
    ))
      rows.push(problem ?? (columns && readContactRow(cells, columns, '212600111222')))
    expect(rows).toMatchObject(ROWS)
  }
})
