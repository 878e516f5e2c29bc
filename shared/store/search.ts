/** A search input for `$regex`, escaped, so that it is no pattern. For lists that are short: no index finds the middle of a word. */
export const searchPattern = (q: string): string => q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
