import { setTimeout as wait } from 'node:timers/promises'
import { vi } from 'vitest'

/** For what hangs, a little less than a test may take: on a slow machine something may come after a minute. */
const LIMIT_MS = 150_000

/** Resolves once `fact` returns true. Throws after `limitMs`; an error of `fact` ends the wait at once. */
export async function untilTrue(fact: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  for (const end = performance.now() + limitMs; !(await fact()); ) {
    if (performance.now() > end) throw new Error(`never came true: ${fact}`)
    await wait(20)
  }
}

/** Resolves once `check` throws no more. One that answers true or false is an error: it would pass whatever it says. */
export async function untilPasses(check: () => void | Promise<void>, limitMs = LIMIT_MS): Promise<void> {
  const answer: unknown = await vi.waitFor(check, { timeout: limitMs, interval: 20 })
  if (typeof answer === 'boolean') throw new Error(`the check answers ${answer}; use untilTrue for facts: ${check}`)
}
