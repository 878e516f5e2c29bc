import { Readable } from 'node:stream'
import { delimiterOf } from '../domain/csv-delimiter.ts'

/** A CSV as it was, and what parts its cells: told by its first line, for the other signs may stand in cells unquoted. */
export async function openCsv(file: Readable): Promise<{ file: Readable; delimiter: string }> {
  const chunks: AsyncIterator<Buffer> = file[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return { file: Readable.from([]), delimiter: ',' }
  async function* whole(): AsyncGenerator<Buffer> {
    yield first.value
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  return { file: Readable.from(whole()), delimiter: delimiterOf(first.value.toString('utf8')) }
}
