/** Runs the work of a name after `ms`, once for all calls that come meanwhile: the last one's. */
export function createThrottle(ms: number): (name: string, work: () => void) => void {
  const waiting = new Map<string, () => void>()
  return (name, work) => {
    const isWaiting = waiting.has(name)
    waiting.set(name, work)
    if (isWaiting) return
    setTimeout(() => {
      const last = waiting.get(name)
      waiting.delete(name)
      last?.()
    }, ms)
  }
}
