/** Resolves at the first SIGINT or SIGTERM. The process exits 25 s later at the latest, so that no stop hangs. */
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
