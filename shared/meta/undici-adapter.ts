import type { IncomingHttpHeaders } from 'node:http'
import { type AxiosAdapter, AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import type { Dispatcher } from 'undici'

/**
 * Adapter of axios for undici's connection pool, which takes a third of the CPU of axios's own. Bodies are text or streams,
 * answers are text, redirects are not followed. A failure is an AxiosError whose `isWritten` says whether sending had begun: if
 * not, the request was certainly not executed.
 */
export function undiciAdapter(dispatcher: Dispatcher, maxResponseBytes: number): AxiosAdapter {
  return config =>
    new Promise((resolve, reject) => {
      const url = urlOf(config)
      const exchange = new Exchange(config, maxResponseBytes, resolve, reject)
      const options: Dispatcher.DispatchOptions = {
        origin: url.origin,
        path: url.pathname + url.search,
        method: (config.method ?? 'get').toUpperCase() as Dispatcher.HttpMethod,
        headers: config.headers.toJSON() as IncomingHttpHeaders,
        body: config.data ?? null,
      }
      exchange.start(dispatcher, options)
    })
}

/** Address of a request. Base and path are joined, not resolved, so that no path can name another host. */
function urlOf({ baseURL = '', url = '', params }: InternalAxiosRequestConfig): URL {
  const target = new URL(baseURL + url)
  for (const [name, value] of Object.entries(params ?? {})) target.searchParams.set(name, String(value))
  return target
}

/** Failed exchange. @param isWritten false: no byte of the request was sent */
export class ExchangeError extends AxiosError {
  readonly isWritten: boolean
  constructor(cause: Error & { code?: string }, isWritten: boolean, config: InternalAxiosRequestConfig) {
    super(cause.message, cause.code, config)
    this.name = 'ExchangeError'
    this.isWritten = isWritten
    this.cause = cause
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #config: InternalAxiosRequestConfig
  readonly #maxBytes: number
  readonly #resolve: (response: AxiosResponse) => void
  readonly #reject: (error: AxiosError) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | null = null
  #givenUp: Error | null = null
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(
    config: InternalAxiosRequestConfig,
    maxBytes: number,
    resolve: (response: AxiosResponse) => void,
    reject: (error: AxiosError) => void,
  ) {
    this.#config = config
    this.#maxBytes = maxBytes
    this.#resolve = resolve
    this.#reject = reject
    const limitMs = config.timeout || DEFAULT_TIMEOUT_MS
    this.#timer = setTimeout(() => this.#giveUp(new Error(`no answer within ${limitMs} ms`), 'ETIMEDOUT'), limitMs)
  }

  /** Starts the exchange; a request that undici refuses at once (an invalid header) fails like any other. */
  start(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions) {
    try {
      dispatcher.dispatch(options, this)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  /** Called by undici on a live connection, before the first byte is sent. */
  onRequestStart(controller: Dispatcher.DispatchController) {
    if (this.#givenUp) return controller.abort(this.#givenUp)
    this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders) {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer) {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) this.#giveUp(new Error(`answer longer than ${this.#maxBytes} bytes`), 'ERR_TOO_LONG')
    else this.#chunks.push(chunk)
  }

  onResponseEnd() {
    clearTimeout(this.#timer)
    const { validateStatus } = this.#config
    const response: AxiosResponse = {
      data: Buffer.concat(this.#chunks).toString('utf8'),
      status: this.#status,
      statusText: '',
      headers: this.#headers as Record<string, string>,
      config: this.#config,
    }
    if (!validateStatus || validateStatus(this.#status)) return this.#resolve(response)
    const code = this.#status >= 500 ? AxiosError.ERR_BAD_RESPONSE : AxiosError.ERR_BAD_REQUEST
    this.#reject(new AxiosError(`status ${this.#status}`, code, this.#config, undefined, response))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error) {
    this.#fail(this.#givenUp ?? error)
  }

  /** Fails the exchange at once; one that still waits for a connection is cancelled when it gets one. */
  #giveUp(reason: Error, code: string) {
    this.#givenUp = Object.assign(reason, { code })
    if (this.#controller) this.#controller.abort(this.#givenUp)
    else this.#fail(this.#givenUp)
  }

  #fail(error: Error) {
    clearTimeout(this.#timer)
    this.#reject(new ExchangeError(error, this.#controller !== null, this.#config))
  }
}

const DEFAULT_TIMEOUT_MS = 30_000
