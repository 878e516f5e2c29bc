import { pathOf } from '../api/client.ts'
import { problemOf, unreachable } from '../api/problem.ts'
import { actingHeaders } from '../session/acting.ts'
import { accessToken, renewToken } from '../session/session.ts'
import type { UploadedFile } from './outbox-storage.ts'

export { withFile } from './body.ts'

interface Upload {
  name: string
  type: string
  /** Idempotency-Key: a file that is sent again is kept once. */
  key: string
  signal?: AbortSignal
  /** Hears how much has been sent, from 0 to 1. */
  onProgress?(share: number): void
}

/** Uploads a file for sending. By `XMLHttpRequest`, for `fetch` tells nothing of its progress. @throws Problem, AbortError */
export async function uploadFile(content: Blob, upload: Upload): Promise<UploadedFile> {
  const token = await accessToken()
  const first = await post(content, upload, token)
  if (first.status !== 401 || token === null) return await read(first)
  return await read(await post(content, upload, await renewToken(token)))
}

async function read(response: Response): Promise<UploadedFile> {
  if (!response.ok) throw await problemOf(response)
  const { id, kind } = (await response.json()) as UploadedFile
  return { id, kind }
}

function post(content: Blob, { name, type, key, signal, onProgress }: Upload, token: string | null): Promise<Response> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', pathOf('/media', { filename: name }))
    if (token !== null) request.setRequestHeader('authorization', `Bearer ${token}`)
    request.setRequestHeader('content-type', type || 'application/octet-stream')
    request.setRequestHeader('idempotency-key', key)
    for (const [name, value] of Object.entries(actingHeaders('/media'))) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 0)
    request.onload = () => resolve(responseOf(request))
    request.onerror = () => reject(unreachable(new Error('The upload was cut off.')))
    request.onabort = () => reject(signal?.reason)
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(content)
  })
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = ['retry-after', 'x-request-id'].flatMap(name => {
    const value = request.getResponseHeader(name)
    return value === null ? [] : [[name, value] as [string, string]]
  })
  return new Response(request.responseText, { status: request.status, headers })
}
