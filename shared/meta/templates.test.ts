import { readFileSync } from 'node:fs'
import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import type { GraphRequest, MetaClient } from './client.ts'
import { createAtMeta, deleteAtMeta, editAtMeta, pageAtMeta, readPage } from './templates.ts'

interface Exchange {
  request: { method: string; path: string; query?: Record<string, string>; body?: Record<string, never> }
  response: { status: number; body: Record<string, unknown> }
}
const exchange = (name: string): Exchange => JSON.parse(readFileSync(`test/fixtures/graph/${name}.json`, 'utf8'))

const access = {
  client: { tenantId: new Types.ObjectId(), wabaId: '310200450078901', status: 'active' as const, pauseReason: null },
  token: 'EAAFixtureTenantAToken',
}

/** What a call asks of the Graph API, as the fixtures write it. */
async function requestOf(call: (meta: MetaClient) => Promise<unknown>) {
  let asked: unknown
  const note =
    (method: string) =>
    async (path: string, { token, account, query, body }: GraphRequest) => {
      expect([token, account?.wabaId]).toEqual([access.token, access.client.wabaId])
      asked = { method, path: `/v25.0/${path}`, ...(query && { query }), ...(body && { body }) }
      return { kind: 'unsent' as const, why: 'a test', httpStatus: null, latencyMs: 0, traceId: null }
    }
  await call({ graph: { get: note('GET'), post: note('POST'), delete: note('DELETE') } } as unknown as MetaClient)
  return asked
}
const fixtureRequest = ({ request: { method, path, query, body } }: Exchange) => ({
  method,
  path,
  ...(query && { query }),
  ...(body && { body }),
})

test.for(['template-create', 'template-create-named', 'template-create-media-header'])(
  '%s has the form that Meta documents',
  async name => {
    const fixture = exchange(name)
    const { parameter_format = 'POSITIONAL', ...template } = (fixture.request.body ?? {}) as Record<string, never>
    const asked = await requestOf(meta => createAtMeta(meta, access, { ...template, parameterFormat: parameter_format } as never))
    const expected = fixtureRequest(fixture)
    expect(asked).toEqual({ ...expected, body: { ...expected.body, parameter_format } })
  },
)

test.for(['template-edit', 'template-edit-category'])('%s has the form that Meta documents', async name => {
  const fixture = exchange(name)
  const id = fixture.request.path.split('/').at(-1) as string
  expect(await requestOf(meta => editAtMeta(meta, access, id, fixture.request.body ?? {}))).toEqual(fixtureRequest(fixture))
})

test('a template is deleted by its name and id: its other languages stay', async () => {
  const fixture = exchange('template-delete-by-id')
  const template = { name: 'application_received', id: '880011002200331' }
  expect(await requestOf(meta => deleteAtMeta(meta, access, template))).toEqual(fixtureRequest(fixture))
})

test('templates are asked for without the maximum price once Meta does not know the field', async () => {
  const asked: unknown[] = []
  const refused = { kind: 'refused', error: { code: 100, title: 'Tried accessing nonexisting field (optimization_spec)' } }
  const get = async (_path: string, { query }: { query: { fields: string } }) => {
    asked.push(query.fields.includes('optimization_spec'))
    return query.fields.includes('optimization_spec') ? refused : { kind: 'ok', data: {} }
  }
  const meta = { graph: { get } } as unknown as MetaClient
  expect((await pageAtMeta(meta, access, null)).kind).toBe('ok')
  expect((await pageAtMeta(meta, access, null)).kind).toBe('ok')
  expect(asked).toEqual([true, false, false])
})

test('pages follow each other until Meta names no next one', async () => {
  const [first, last] = ['templates-list-page-1', 'templates-list-page-2'].map(name => readPage(exchange(name).response.body))
  expect([first?.rows.length, first?.after, last?.after]).toEqual([1, 'QVFIUt1', null])
  expect(await requestOf(meta => pageAtMeta(meta, access, 'QVFIUt1'))).toMatchObject({ query: { after: 'QVFIUt1', limit: 100 } })
  expect(readPage({})).toEqual({ rows: [], after: null })
})
