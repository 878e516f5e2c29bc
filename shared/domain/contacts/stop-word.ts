/** Stop words of a tenant that has set none. */
export const STOP_WORDS = ['STOP', 'ARRET', 'UNSUBSCRIBE']

/** Whether a message consists of a stop word alone, in any case, with or without accents, quotes and closing punctuation. */
export function isStopWord(text: string | null, words: readonly string[] = STOP_WORDS): boolean {
  if (text === null || text.length > 100) return false
  const written = plain(text)
  return written !== '' && words.some(word => plain(word) === written)
}

const plain = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/^[\s"'«]+|[\s.!"'»]+$/g, '')
