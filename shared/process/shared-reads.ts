import { createSharedRuns, type SharedRunsOptions } from './group-commit.ts'

export interface SharedReads<K, V> {
  /** The answer for a key, read after this call began; rejects with the error of its command. */
  read(key: K): Promise<V>
  /** Number of callers that wait for their answer. */
  size(): number
}

/**
 * Reads of the same moment in one command. Those that come while it is under way share the next one, because the present one may
 * have read before them.
 * @param readAll reads the answers for many keys, in the order of the keys
 */
export function createSharedReads<K, V>(
  readAll: (keys: K[]) => Promise<V[]>,
  options: Omit<SharedRunsOptions, 'gatherMs'>,
): SharedReads<K, V> {
  const runs = createSharedRuns<{ key: K; answer?: V }>(
    async asked => {
      const answers = await readAll(asked.map(({ key }) => key))
      for (const [i, one] of asked.entries()) one.answer = answers[i] as V
    },
    { ...options, gatherMs: 0 },
  )
  return {
    size: runs.size,
    async read(key) {
      const asked: { key: K; answer?: V } = { key }
      await runs.add([asked])
      return asked.answer as V
    },
  }
}
