import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Route, route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'

const page = (address: string, file: string, type: string, summary: string): Route<GatewayDeps> => {
  const body = readFileSync(path.join(import.meta.dirname, '../docs-page', file), 'utf8')
  return route({
    method: 'get',
    path: address,
    action: null,
    bucket: 'none',
    tag: 'service',
    summary,
    async handle(_request, _deps: GatewayDeps) {
      return { body, headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' } }
    },
  })
}

/** API reference page. Its own script renders the OpenAPI document, without inline or external code, as the CSP requires. */
export const docsRoutes: Route<GatewayDeps>[] = [
  page('/docs', 'page.html', 'text/html', 'Show the API reference'),
  page('/docs/page.js', 'page.js', 'text/javascript', 'Get the script of /docs'),
  page('/docs/page.css', 'page.css', 'text/css', 'Get the style sheet of /docs'),
]
