import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Request, RequestHandler, Response } from 'express'

/** Where the built dashboard lies. */
export const DASHBOARD_DIR = path.join(import.meta.dirname, '../dashboard', 'dist')

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
}
/** Addresses that are never a page, also when no route has them. */
const NO_PAGES = /^\/(api|docs|health|ready|metrics)(\/|$)/
/** Assets have the hash of their content in their name. */
const YEAR = 'public, max-age=31536000, immutable'

interface Asset {
  body: Buffer
  br: Buffer | null
  gzip: Buffer | null
  type: string
  etag: string
  cacheControl: string
}

interface Site {
  /** By path from the root: `/assets/index-4f2a.js`. */
  assets: Map<string, Asset>
  index: Asset
  builtAt: number
}

/**
 * Serves the built dashboard: its files, and its one page for every other address that a browser opens. Anything else is left to the
 * next handler, and so is everything while nothing is built. A later build is noticed by itself.
 * @param options address of the sockets, which the page may connect to; whether the product is served by https
 */
export function serveDashboard(dir: string, options: { socketUrl: string | undefined; isEncrypted: boolean }): RequestHandler {
  const csp = cspOf(options)
  let site: Site | null = null
  return (request, response, next) => {
    if ((request.method !== 'GET' && request.method !== 'HEAD') || NO_PAGES.test(request.path)) return next()
    const isPage = request.headers.accept?.includes('text/html') === true && !path.posix.basename(request.path).includes('.')
    if (isPage || site === null) site = currentSite(dir, site)
    const asset = isPage ? site?.index : site?.assets.get(request.path)
    if (asset === undefined) return next()
    response.setHeader('content-security-policy', csp)
    if (isPage) response.setHeader('cross-origin-opener-policy', openerPolicyOf(request))
    send(asset, request, response)
  }
}

/** No inline script, no foreign host: a text of a customer that got into the page as markup could neither run nor report. */
function cspOf({ socketUrl, isEncrypted }: { socketUrl: string | undefined; isEncrypted: boolean }): string {
  const sockets = socketUrl ? ` ${socketUrl} ${socketUrl.replace(/^http/, 'ws')}` : ''
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "font-src 'self'",
    `connect-src 'self'${sockets}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    ...(isEncrypted ? ['upgrade-insecure-requests'] : []),
  ].join('; ')
}

/** Where Meta's dialog returns to in its popup. */
const DIALOG_RETURN = /^\/numbers\/?\?(.*&)?connection=/

/**
 * A page may hear of the popups that it opens: Meta's sign-up dialog tells its steps by messages. The page at which the popup ends
 * says so to the one that opened it, and closes itself, which it could not in a group of windows of its own.
 */
const openerPolicyOf = ({ url }: Request): string => (DIALOG_RETURN.test(url) ? 'unsafe-none' : 'same-origin-allow-popups')

function currentSite(dir: string, known: Site | null): Site | null {
  const builtAt = statSync(path.join(dir, 'index.html'), { throwIfNoEntry: false })?.mtimeMs
  if (builtAt === undefined) return null
  return known?.builtAt === builtAt ? known : readSite(dir, builtAt)
}

function readSite(dir: string, builtAt: number): Site {
  const files = globSync('**/*.*', { cwd: dir }).map(file => file.replaceAll(path.sep, '/'))
  const served = files.filter(file => path.extname(file) in TYPES && !file.startsWith('.'))
  const assets = new Map(served.map(file => [`/${file}`, readAsset(dir, file)]))
  const index = assets.get('/index.html') as Asset
  return { assets, index, builtAt }
}

function readAsset(dir: string, file: string): Asset {
  const read = (ending: string) => {
    const name = path.join(dir, file + ending)
    return statSync(name, { throwIfNoEntry: false }) ? readFileSync(name) : null
  }
  const body = readFileSync(path.join(dir, file))
  return {
    body,
    br: read('.br'),
    gzip: read('.gz'),
    type: TYPES[path.extname(file)] as string,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: file.startsWith('assets/') ? YEAR : 'no-cache',
  }
}

function send({ body, br, gzip, type, etag, cacheControl }: Asset, request: Request, response: Response): void {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const coding = br && /\bbr\b/.test(accepted) ? 'br' : gzip && /\bgzip\b/.test(accepted) ? 'gzip' : null
  response.setHeader('content-type', type)
  response.setHeader('cache-control', cacheControl)
  response.setHeader('etag', etag)
  response.setHeader('vary', 'accept-encoding')
  if (request.headers['if-none-match'] === etag) {
    response.status(304).end()
    return
  }
  if (coding) response.setHeader('content-encoding', coding)
  response.end((coding === 'br' ? br : coding === 'gzip' ? gzip : null) ?? body)
}
