const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()

/** Items of which a word begins with what was typed; those that begin with it come first. */
export function fitting<Item>(items: readonly Item[], query: string, wordsOf: (item: Item) => string): Item[] {
  const wanted = folded(query)
  const rank = (item: Item) => {
    const words = folded(wordsOf(item))
    return words.startsWith(wanted)
      ? 0
      : words.split(/\s+/).some(word => word.startsWith(wanted))
        ? 1
        : words.includes(wanted)
          ? 2
          : 3
  }
  return items
    .map(item => ({ item, at: rank(item) }))
    .filter(({ at }) => at < 3)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
