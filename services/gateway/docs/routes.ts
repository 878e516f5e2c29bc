import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { notFound } from '#shared/domain/errors.ts'
import { type Route, route } from '#shared/http/route.ts'
import { ROOT } from '#shared/process/config.ts'
import type { GatewayDeps } from '../deps.ts'

const PAGES = path.join(import.meta.dirname, '../docs-page')
/** Scalar as one script: beside the page in an image, among the packages in a checkout. */
const SCALAR = [
  path.join(PAGES, 'dist', 'scalar.js'),
  path.join(ROOT, 'node_modules/@scalar/api-reference/dist/browser/standalone.js'),
]

/**
 * Policy of the reference page: scripts and data from here alone, nothing inline that runs. Scalar writes styles into the page, which
 * can change how the page looks and nothing else: it shows our own document only (docs/decisions/027-scalar-shows-the-api.md).
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const page = (address: string, file: string, type: string, summary: string): Route<GatewayDeps> => {
  const body = readFileSync(path.join(PAGES, file), 'utf8')
  const headers = { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache', 'content-security-policy': CSP }
  return route({
    method: 'get',
    path: address,
    action: null,
    bucket: 'none',
    tag: 'service',
    summary,
    produces: [type],
    async handle(_request, _deps: GatewayDeps) {
      return { body, headers }
    },
  })
}

interface Script {
  etag: string
  body: Buffer
  zipped: Buffer
}

let scalar: Promise<Script> | null = null

/** Read and compressed once, when the first visitor comes. @throws ApiError 404 where it is not installed */
async function readScalar(): Promise<Script> {
  const file = SCALAR.find(existsSync)
  if (file === undefined) throw notFound('Script')
  const body = await readFile(file)
  return { body, zipped: await promisify(gzip)(body), etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

const script = route({
  method: 'get',
  path: '/docs/scalar.js',
  action: null,
  bucket: 'none',
  tag: 'service',
  summary: 'Get Scalar, which renders /docs',
  produces: ['text/javascript'],
  otherStatuses: { 304: 'The script is the one that `If-None-Match` names' },
  async handle({ headers: given }, _deps: GatewayDeps) {
    scalar ??= readScalar()
    const { etag, body, zipped } = await scalar.catch(error => {
      scalar = null
      throw error
    })
    const headers = { 'cache-control': 'no-cache', etag, vary: 'accept-encoding' }
    if (given['if-none-match'] === etag) return { status: 304, headers }
    const isZipped = /\bgzip\b/.test(given['accept-encoding'] ?? '')
    const content = isZipped ? zipped : body
    const own = { 'content-type': 'text/javascript; charset=utf-8', 'content-length': String(content.length) }
    return {
      stream: Readable.from([content]),
      headers: { ...headers, ...own, ...(isZipped && { 'content-encoding': 'gzip' }) },
    }
  },
})

/** API reference page: Scalar over the OpenAPI document, all of it from this host. */
export const docsRoutes: Route<GatewayDeps>[] = [
  page('/docs', 'page.html', 'text/html', 'Show the API reference'),
  page('/docs/page.js', 'page.js', 'text/javascript', 'Get the script of /docs'),
  script,
]
