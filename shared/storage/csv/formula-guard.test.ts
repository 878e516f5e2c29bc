import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCsv } from './csv-file.ts'
import { CSV_OPTIONS, guarded, unguarded } from './formula-guard.ts'

const cells = fc.oneof(
  fc.string(),
  fc.array(fc.constantFrom(...`'=+-@,;"|\t\r\n a1é\u061c＝`), { maxLength: 8 }).map(signs => signs.join('')),
)

test('a guarded text begins no formula, and comes back as it was', () => {
  fc.assert(
    fc.property(cells, text => {
      expect(unguarded(guarded(text))).toBe(text)
      expect(guarded(text)).not.toMatch(/^[=+\-@\t\r]/)
    }),
  )
})

test('rows that are written and read are the same but for white space around cells', { timeout: 60_000 }, async () => {
  const row = fc.tuple(fc.stringMatching(/^[1-9]\d{9,12}$/), cells, cells)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async rows => {
      const file = Buffer.from(
        stringify(rows, { ...CSV_OPTIONS, columns: ['phone', 'name', 'note'].map((header, i) => ({ key: String(i), header })) }),
      )
      const read: string[][] = []
      for await (const one of readCsv(
        async () => Readable.from([file]),
        () => null,
      )) {
        expect(one.problem).toBeNull()
        read.push(one.cells.map(cell => cell.trim()))
      }
      expect(read).toEqual(rows.map(cells => cells.map(cell => cell.toWellFormed().trim())))
    }),
    { numRuns: 200 },
  )
})
