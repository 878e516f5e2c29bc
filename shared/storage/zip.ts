import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { makeZip } from 'client-zip'

/** A file of a ZIP. `content` is read when its turn comes. */
export interface ZipEntry {
  /** Path with slashes. */
  name: string
  at: Date
  content: string | Uint8Array | AsyncIterable<Uint8Array | string>
}

/**
 * A ZIP of files that are asked for and read one after the other, while it is written: nothing but the names is kept in memory. An
 * error in a file ends the stream with it, so that nobody takes a part for the whole.
 */
export function zipOf(entries: AsyncIterable<ZipEntry>): Readable {
  return Readable.fromWeb(makeZip(inputsOf(entries)) as ReadableStream)
}

async function* inputsOf(entries: AsyncIterable<ZipEntry>) {
  for await (const { name, at, content } of entries)
    yield isBytes(content) ? { name, lastModified: at, input: content } : { name, lastModified: at, input: content }
}

const isBytes = (content: ZipEntry['content']): content is string | Uint8Array =>
  typeof content === 'string' || content instanceof Uint8Array

/** A JSON array of rows, a row a line, that is written while the rows are read. @param onRow hears of each */
export async function* jsonLines(rows: AsyncIterable<unknown>, onRow: () => void = () => undefined): AsyncGenerator<string> {
  let before = '[\n'
  for await (const row of rows) {
    yield before + JSON.stringify(row)
    before = ',\n'
    onRow()
  }
  yield before === '[\n' ? '[]\n' : '\n]\n'
}
