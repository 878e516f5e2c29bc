/** Runs `work` for each item, at most `width` at a time. @throws the first failure, once the other workers have finished */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const workers = Array.from({ length: Math.min(width, items.length) }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  })
  const results = await Promise.allSettled(workers)
  const failed = results.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}
