import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What a listing holds at most, so that few files need several. */
const PAGE = 2

/** An S3 service in memory: one bucket, path style, whole objects and uploads in parts. It checks no signature. */
export async function startFakeS3(bucket: string) {
  const objects = new Map<string, { body: Buffer; at: Date }>()
  const uploads = new Map<string, Buffer[]>()
  const server = createServer((request, response) => {
    answer(request)
      .then(({ status, body = '', headers = {} }) => response.writeHead(status, headers).end(body))
      .catch(() => response.destroy())
  })

  interface Answer {
    status: number
    body?: string | Buffer
    headers?: Record<string, string>
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url as string, 'http://s3')
    const [, name, ...parts] = pathname.split('/').map(decodeURIComponent)
    if (name !== bucket) return failure(404, 'NoSuchBucket')
    const key = parts.join('/')
    const body = await readBody(request)
    if (searchParams.get('list-type') === '2') return listing(searchParams)
    const upload = searchParams.get('uploadId')
    if (request.method === 'POST' && searchParams.has('uploads')) return begin(key)
    if (request.method === 'PUT' && upload !== null) return part(upload, Number(searchParams.get('partNumber')), body)
    if (request.method === 'POST' && upload !== null) return complete(key, upload)
    if (request.method === 'DELETE' && upload !== null) return removed(uploads.delete(upload))
    if (request.method === 'PUT') return put(key, body)
    if (request.method === 'DELETE') return removed(objects.delete(key))
    return read(key, request.headers.range)
  }

  function put(key: string, body: Buffer): Answer {
    objects.set(key, { body, at: new Date() })
    return { status: 200, headers: { etag: '"1"' } }
  }

  function begin(key: string): Answer {
    const id = String(uploads.size + 1)
    uploads.set(id, [])
    return xml(`<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  }

  function part(id: string, number: number, body: Buffer): Answer {
    const parts = uploads.get(id)
    if (parts === undefined) return failure(404, 'NoSuchUpload')
    parts[number - 1] = body
    return { status: 200, headers: { etag: `"${number}"` } }
  }

  function complete(key: string, id: string): Answer {
    put(key, Buffer.concat(uploads.get(id) ?? []))
    uploads.delete(id)
    return xml(`<CompleteMultipartUploadResult><Key>${key}</Key><ETag>"1"</ETag></CompleteMultipartUploadResult>`)
  }

  function read(key: string, range: string | undefined): Answer {
    const found = objects.get(key)
    if (found === undefined) return failure(404, 'NoSuchKey')
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
    if (start === undefined) return { status: 200, body: found.body }
    return { status: 206, body: found.body.subarray(Number(start), Number(end) + 1) }
  }

  function listing(query: URLSearchParams): Answer {
    const after = query.get('continuation-token') ?? ''
    const keys = [...objects.keys()].filter(key => key.startsWith(query.get('prefix') ?? '') && key > after).toSorted()
    const shown = keys.slice(0, PAGE)
    const rows = shown.map(
      key => `<Contents><Key>${key}</Key><LastModified>${objects.get(key)?.at.toISOString()}</LastModified></Contents>`,
    )
    const more = keys.length > PAGE
    const next = more ? `<NextContinuationToken>${shown.at(-1)}</NextContinuationToken>` : ''
    return xml(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${rows.join('')}${next}</ListBucketResult>`)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Uploads in parts that were neither completed nor given up. */
    unfinished: () => uploads.size,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** S3 answers so whether there was something to delete or not. */
const removed = (_existed: boolean) => ({ status: 204 })

const xml = (body: string) => ({
  status: 200,
  body: `<?xml version="1.0"?>${body}`,
  headers: { 'content-type': 'application/xml' },
})

const failure = (status: number, code: string) => ({
  ...xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`),
  status,
})

/** The content of a request; of a body in chunks with signatures or checksums, what the chunks hold. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const raw = await buffer(request)
  if (!request.headers['content-encoding']?.includes('aws-chunked')) return raw
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const end = raw.indexOf('\r\n', at)
    const length = Number.parseInt(raw.toString('latin1', at, end), 16)
    if (!(length > 0)) return Buffer.concat(chunks)
    chunks.push(raw.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}
