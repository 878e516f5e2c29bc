/** Resolves at the first SIGINT or SIGTERM. After 25 s the process leaves by itself, so that no stop can hang. */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    const stop = (signal: NodeJS.Signals) => {
      setTimeout(() => process.exit(1), 25_000).unref()
      resolve(signal)
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
}
