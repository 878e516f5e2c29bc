import { ApiError } from '../domain/errors.ts'
import { rateLimited } from '../process/metrics.ts'

const AT_ONCE = 2
const MOST_WAITING = 32
const RETRY_AFTER_S = 2

/**
 * Bounds the password hashes of this process. Each takes 19 MiB and a thread of libuv, of which there are four: without a bound
 * a flood of sign-ins would hold them all, and name resolution and files would wait behind it.
 */
export class HashQueue {
  readonly #atOnce: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor({ atOnce = AT_ONCE, mostWaiting = MOST_WAITING }: { atOnce?: number; mostWaiting?: number } = {}) {
    this.#atOnce = atOnce
    this.#mostWaiting = mostWaiting
  }

  /** Runs the work when its turn comes, in the order of the calls. @throws ApiError 503 SIGN_IN_BUSY when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // The place passes on to the next in line, so that nobody who comes meanwhile takes it.
      if (next) next()
      else this.#running--
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.#atOnce) {
      this.#running++
      return
    }
    if (this.#waiting.length >= this.#mostWaiting) {
      rateLimited.inc({ limit: 'hashes' })
      throw new ApiError(503, 'SIGN_IN_BUSY', 'Too many people are signing in at this moment. Try again in a few seconds.', {
        headers: { 'retry-after': String(RETRY_AFTER_S) },
      })
    }
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }
}
