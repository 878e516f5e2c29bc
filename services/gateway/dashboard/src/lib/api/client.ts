import { actingHeaders } from '../session/acting.ts'
import { accessToken, renewToken } from '../session/session.ts'
import { Problem, problemOf, unreachable } from './problem.ts'

export interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is: a file. */
  file?: Blob
  signal?: AbortSignal | undefined
  /** Repetitions of a request with the same key are answered as the first one, and done once. */
  idempotencyKey?: string
  headers?: Record<string, string>
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Calls the REST API as the signed-in user. An access token that has ended is renewed once. `path` begins behind `/api/v1`.
 * @throws Problem
 */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const token = await accessToken()
  const response = await send(method, path, options, token)
  if (response.status !== 401 || token === null) return await read<T>(response)
  const renewed = await renewToken(token)
  if (renewed === null) throw await problemOf(response)
  return await read<T>(await send(method, path, options, renewed))
}

/** What the API tells everybody, asked without saying who one is: it answers also while nobody can be signed in. @throws Problem */
export const getPublic = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  await read<T>(await send('GET', path, { signal }, null))

export const get = <T>(path: string, query?: RequestOptions['query'], signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { ...(query && { query }), signal })

/** File of the API, such as the picture of a message. @throws Problem */
export const getBlob = (path: string, signal?: AbortSignal): Promise<Blob> => requestBlob('GET', path, { signal })

/** What the API answers as a file, such as the refused rows of an import. @throws Problem */
export async function requestBlob(method: Method, path: string, options: RequestOptions = {}): Promise<Blob> {
  const token = await accessToken()
  const response = await send(method, path, options, token)
  if (!response.ok) throw await problemOf(response)
  return await response.blob()
}

export const pathOf = (path: string, query: RequestOptions['query'] = {}): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null)
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `/api/v1${path}${search && `?${search}`}`
}

async function send(method: Method, path: string, options: RequestOptions, token: string | null): Promise<Response> {
  const { query, body, file, signal, idempotencyKey, headers } = options
  const content = file ?? (body === undefined ? undefined : JSON.stringify(body))
  try {
    return await fetch(pathOf(path, query), {
      method,
      signal: signal ?? null,
      credentials: 'same-origin',
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(file?.type && { 'content-type': file.type }),
        ...actingHeaders(path),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
        ...headers,
      },
      ...(content !== undefined && { body: content }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw unreachable(error)
  }
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemOf(response)
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch (error) {
    throw unreachable(error)
  }
}

export { Problem }
