/** Where a tenant has set none. */
export const STOP_WORDS = ['STOP', 'ARRET', 'UNSUBSCRIBE']

/** Whether a message says nothing but that its writer wants no more marketing: accents, case and closing marks do not matter. */
export function isStopWord(text: string | null, words: readonly string[] = STOP_WORDS): boolean {
  if (text === null || text.length > 100) return false
  const said = plain(text)
  return said !== '' && words.some(word => plain(word) === said)
}

const plain = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/^[\s"'«]+|[\s.!"'»]+$/g, '')
