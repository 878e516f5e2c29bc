import { applyAgain } from './live.ts'

/**
 * Loads data that events keep fresh. What comes while it is on its way would be overwritten by the answer, which is older: those
 * events are applied once more when the answer is in the cache.
 */
export async function withEventsSince<T>(key: readonly unknown[], load: () => Promise<T>): Promise<T> {
  const again = applyAgain(key)
  const loaded = await load()
  again()
  return loaded
}
