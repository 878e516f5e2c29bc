import type { Store } from '#shared/store/connect.ts'
import { COLLECTIONS } from '#shared/store/models.ts'

/** Names of the collections in which any of these words stands: in a row, encoded in a wamid, or in a stored file. */
export async function tracesOf({ connection }: Store, words: readonly string[]): Promise<string[]> {
  const places = new Set<string>()
  for (const name of COLLECTIONS)
    for (const row of await connection.collection(name).find({}).toArray()) if (isIn(JSON.stringify(row), words)) places.add(name)
  for (const { data } of await connection.collection('files.chunks').find({}).toArray())
    if (isIn(Buffer.from(data.buffer).toString(), words)) places.add('files')
  return [...places]
}

function isIn(text: string, words: readonly string[]): boolean {
  const texts = [text, ...[...text.matchAll(/wamid\.([\w+/=-]+)/g)].map(([, code = '']) => decoded(code))]
  return texts.some(one => words.some(word => one.includes(word)))
}

const decoded = (code: string) => Buffer.from(code, 'base64').toString('latin1')

/** An id as Meta makes them: the phone number stands in it, encoded. */
export const wamidOf = (phone: string, n: number): string =>
  `wamid.${Buffer.from(`\x1d\x15${phone}\x15\x02\x12\x18\x14${String(n).padStart(20, '0')}`, 'latin1').toString('base64')}`
