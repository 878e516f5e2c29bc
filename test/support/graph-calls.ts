import { readFileSync } from 'node:fs'
import type { GraphRequest, GraphResult, MetaClient } from '#shared/meta/client.ts'
import type { NumberAccess } from '#shared/meta/numbers/access.ts'

interface GraphCall {
  method: string
  /** Without the version. */
  path: string
  query?: GraphRequest['query']
  body?: GraphRequest['body']
}

const client = { tenantId: 't', wabaId: '1', phoneNumberId: '1054543651068213', status: 'active', pauseReason: null }
/** Access to the number of the fixtures. */
export const fixtureAccess = { client, token: 'EAAFixtureTenantAToken' } as unknown as NumberAccess

/** The first call that is made to Meta, which answers with nothing. */
export async function graphCallOf(call: (meta: MetaClient) => Promise<GraphResult>): Promise<GraphCall | undefined> {
  const calls: GraphCall[] = []
  const note =
    (method: string) =>
    async (path: string, { query, body }: GraphRequest) => {
      calls.push({ method, path, ...(query && { query }), ...(body && { body }) })
      return { kind: 'ok', data: {}, httpStatus: 200, latencyMs: 1, traceId: null } as const
    }
  await call({ graph: { get: note('GET'), post: note('POST'), delete: note('DELETE') } } as unknown as MetaClient)
  return calls[0]
}

/** A fixture of the Graph API: the call, and the body of Meta's answer. */
export function graphFixture(name: string): { call: GraphCall; answer: Record<string, unknown> } {
  const { request, response } = JSON.parse(readFileSync(`test/fixtures/graph/${name}.json`, 'utf8'))
  const { method, path, query, body } = request
  return {
    call: { method, path: path.replace(/^\/v[\d.]+\//, ''), ...(query && { query }), ...(body && { body }) },
    answer: response.body,
  }
}
