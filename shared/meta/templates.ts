import { managementAccount } from '../domain/graph-calls.ts'
import type { ClientDoc, TemplateDoc } from '../model/documents.ts'
import type { GraphResult, MetaClient } from './client.ts'
import { isObject, listOf, text } from './json.ts'

/** Whose token asks: any number of the business account does. */
export interface TemplateAccess {
  client: Pick<ClientDoc, 'tenantId' | 'wabaId' | 'status' | 'pauseReason'>
  token: string
}

const FIELDS = 'id,name,language,status,category,parameter_format,components,quality_score,rejected_reason'
const PAGE = 100

/** Asks Meta to review it; the answer's `category` may be another than asked for. */
export function createAtMeta(
  meta: MetaClient,
  access: TemplateAccess,
  template: Pick<TemplateDoc, 'name' | 'language' | 'category' | 'parameterFormat' | 'components'>,
): Promise<GraphResult> {
  const { name, language, category, parameterFormat: parameter_format, components } = template
  return meta.graph.post(edgeOf(access), { ...signed(access), body: { name, language, category, parameter_format, components } })
}

/** Replaces all components, or the category. */
export const editAtMeta = (
  meta: MetaClient,
  access: TemplateAccess,
  id: string,
  body: { components?: TemplateDoc['components']; category?: string },
): Promise<GraphResult> => meta.graph.post(encodeURIComponent(id), { ...signed(access), body })

/** Of a name this one language only. */
export const deleteAtMeta = (
  meta: MetaClient,
  access: TemplateAccess,
  { name, id }: { name: string; id: string },
): Promise<GraphResult> => meta.graph.delete(edgeOf(access), { ...signed(access), query: { hsm_id: id, name } })

/** One template by its id. */
export const oneAtMeta = (meta: MetaClient, access: TemplateAccess, id: string): Promise<GraphResult> =>
  meta.graph.get(encodeURIComponent(id), { ...signed(access), query: { fields: FIELDS } })

/** What the account has of a name: languages that begin alike may come along. */
export const namedAtMeta = (meta: MetaClient, access: TemplateAccess, name: string): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access), { ...signed(access), query: { fields: FIELDS, limit: PAGE, name } })

/** A page of all; `after` of the page before, null for the first. */
export const pageAtMeta = (meta: MetaClient, access: TemplateAccess, after: string | null): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access), { ...signed(access), query: { fields: FIELDS, limit: PAGE, ...(after && { after }) } })

/** The rows of a page, and where the next one begins; null on the last. */
export function readPage(data: Record<string, unknown>): { rows: unknown[]; after: string | null } {
  const paging = isObject(data.paging) ? data.paging : {}
  const cursors = isObject(paging.cursors) ? paging.cursors : {}
  return { rows: listOf(data.data), after: paging.next === undefined ? null : text(cursors.after) }
}

const edgeOf = ({ client }: TemplateAccess) => `${encodeURIComponent(client.wabaId)}/message_templates`
const signed = ({ client, token }: TemplateAccess) => ({ token, account: managementAccount(client) })
