import type { Request, Response } from 'express'
import { spans } from '../process/spans/spans.ts'

/** The span of a request: its route is the pattern, never the address, which holds ids and what was searched for. */
export function recordRequest({ method, headers }: Request, { locals, statusCode }: Response): void {
  const { route = null, startedAt, traceparent, requestId, caller } = locals
  spans.record?.({
    name: route === null ? method : `${method} ${route}`,
    kind: 'server',
    traceparent,
    parent: typeof headers.traceparent === 'string' ? headers.traceparent : null,
    startedAt,
    error: statusCode >= 500 ? String(statusCode) : null,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': statusCode,
      // Callers may send an id of their own, which may be anything.
      'linko.request.id': UUID.test(requestId) ? requestId : null,
      'linko.tenant.id': caller?.tenantId,
    },
  })
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
