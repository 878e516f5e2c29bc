/** A sentence of ours as a stable name with values, for texts in other languages. */
export interface SentenceKey {
  key: string
  parameters: Record<string, string>
}

/** A sentence as people read it in English, with its key. */
export interface Sentence extends SentenceKey {
  text: string
}

/** The key of a sentence, as it is stored and shown beside the sentence. */
export const sentenceKey = ({ key, parameters }: SentenceKey): SentenceKey => ({ key, parameters })

/** Values of a sentence as they are stored and shown. */
export const textsOf = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))

/**
 * Makes the sentences of a table by their keys: `{name}` in a text stands for the parameter of that name.
 * @param texts English texts by key
 */
export function sentencesOf<K extends string>(texts: Readonly<Record<K, string>>) {
  return (key: K, parameters: Readonly<Record<string, string | number>> = {}): Sentence => {
    const given = textsOf(parameters)
    return { key, parameters: given, text: texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => given[name] ?? whole) }
  }
}

/**
 * Finds the key of a sentence by its English text, for rows that hold the text alone. Null for one that the table does not have.
 * @param texts English texts by key, as `sentencesOf` takes them
 */
export function keysByText(texts: Readonly<Record<string, string>>): (text: string | null | undefined) => SentenceKey | null {
  const whole = new Map(Object.entries(texts).map(([key, text]) => [text, key]))
  const parts = Object.entries(texts)
    .filter(([, text]) => PLACE.test(text))
    .map(([key, text]) => ({ key, pattern: patternOf(text) }))
  return text => {
    if (!text) return null
    const key = whole.get(text)
    if (key !== undefined) return { key, parameters: {} }
    for (const { key, pattern } of parts) {
      const match = pattern.exec(text)
      if (match !== null) return { key, parameters: { ...match.groups } }
    }
    return null
  }
}

const PLACE = /\{(\w+)\}/

/** Expression that a sentence made of `text` fulfils, with its values as named groups. */
function patternOf(text: string): RegExp {
  const parts = text.split(/\{(\w+)\}/)
  return new RegExp(
    `^${parts.map((part, i) => (i % 2 === 0 ? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : `(?<${part}>.+?)`)).join('')}$`,
    's',
  )
}
