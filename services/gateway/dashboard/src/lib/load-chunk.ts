const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8000
/** About a minute in all: a server that is restarted is back by then. */
const TRIES = 11

/** Loads a chunk of script; while the server does not answer, again. @throws what the last try threw */
export async function loadChunk<T>(load: () => Promise<T>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS, tries = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS), tries++) {
    try {
      return await load()
    } catch (error) {
      if (tries === TRIES) throw error
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }
}

/** What has been fetched: even to ask for a chunk that is there takes milliseconds, for the address of each of its parts is made anew. */
const fetched = new WeakSet<() => Promise<unknown>>()

/** Fetches a chunk before it is needed. What fails now is tried again when it is needed. */
export function fetchChunk(load: () => Promise<unknown>): void {
  if (fetched.has(load)) return
  void load().then(
    () => fetched.add(load),
    () => undefined,
  )
}
