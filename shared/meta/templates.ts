import { managementAccount } from '../domain/graph-calls.ts'
import type { ClientDoc, TemplateDoc } from '../model/documents.ts'
import type { GraphResult, MetaClient } from './client.ts'
import { isObject, listOf, text } from './json.ts'

/** Access to the templates of a business account, through the token of any of its numbers. */
export interface TemplateAccess {
  client: Pick<ClientDoc, 'tenantId' | 'wabaId' | 'status' | 'pauseReason'>
  token: string
}

const FIELDS =
  'id,name,language,status,category,parameter_format,components,quality_score,rejected_reason,message_send_ttl_seconds'
const PAGE = 100
/** Has the maximum price, a beta of Meta's: asked for as long as Meta knows the field. */
const MAX_PRICE_FIELD = 'optimization_spec'
const withoutMaxPrice = new WeakSet<MetaClient>()
const INVALID_PARAMETER = 100

/** Requests templates; once more without the maximum price where Meta refuses the field by name. */
async function ask(meta: MetaClient, access: TemplateAccess, path: string, query: Record<string, string | number> = {}) {
  const request = (fields: string) => meta.graph.get(path, { ...signed(access), query: { fields, ...query } })
  if (withoutMaxPrice.has(meta)) return request(FIELDS)
  const result = await request(`${FIELDS},${MAX_PRICE_FIELD}`)
  if (!namesMaxPrice(result)) return result
  withoutMaxPrice.add(meta)
  return request(FIELDS)
}

function namesMaxPrice(result: GraphResult): boolean {
  if (result.kind !== 'refused' || result.error.code !== INVALID_PARAMETER) return false
  const { title, detail } = result.error
  return `${title} ${detail}`.includes(MAX_PRICE_FIELD)
}

/** Submits a template for review; the `category` in the answer may differ from the requested one. */
export function createAtMeta(
  meta: MetaClient,
  access: TemplateAccess,
  template: Pick<TemplateDoc, 'name' | 'language' | 'category' | 'parameterFormat' | 'components' | 'messageSendTtlSeconds'>,
): Promise<GraphResult> {
  const { name, language, category, parameterFormat: parameter_format, components } = template
  const body = { name, language, category, parameter_format, components, ...timeToLive(template) }
  return meta.graph.post(edgeOf(access), { ...signed(access), body })
}

/** Edits a template: replaces all components, the category, or the time to live. */
export const editAtMeta = (
  meta: MetaClient,
  access: TemplateAccess,
  id: string,
  { messageSendTtlSeconds, ...body }: Partial<Pick<TemplateDoc, 'components' | 'category' | 'messageSendTtlSeconds'>>,
): Promise<GraphResult> =>
  meta.graph.post(encodeURIComponent(id), { ...signed(access), body: { ...body, ...timeToLive({ messageSendTtlSeconds }) } })

const timeToLive = ({ messageSendTtlSeconds: seconds }: Pick<TemplateDoc, 'messageSendTtlSeconds'>) =>
  seconds == null ? {} : { message_send_ttl_seconds: seconds }

/** Deletes one language of a template. */
export const deleteAtMeta = (
  meta: MetaClient,
  access: TemplateAccess,
  { name, id }: { name: string; id: string },
): Promise<GraphResult> => meta.graph.delete(edgeOf(access), { ...signed(access), query: { hsm_id: id, name } })

/** Requests a template by its id. */
export const oneAtMeta = (meta: MetaClient, access: TemplateAccess, id: string): Promise<GraphResult> =>
  ask(meta, access, encodeURIComponent(id))

/** Requests the account's templates of a name; the answer may contain similar names. */
export const namedAtMeta = (meta: MetaClient, access: TemplateAccess, name: string): Promise<GraphResult> =>
  ask(meta, access, edgeOf(access), { limit: PAGE, name })

/** Requests a page of all templates. @param after cursor of the page before, null for the first */
export const pageAtMeta = (meta: MetaClient, access: TemplateAccess, after: string | null): Promise<GraphResult> =>
  ask(meta, access, edgeOf(access), { limit: PAGE, ...(after && { after }) })

/** Rows of a page and the cursor of the next one; null on the last. */
export function readPage(data: Record<string, unknown>): { rows: unknown[]; after: string | null } {
  const paging = isObject(data.paging) ? data.paging : {}
  const cursors = isObject(paging.cursors) ? paging.cursors : {}
  return { rows: listOf(data.data), after: paging.next === undefined ? null : text(cursors.after) }
}

const edgeOf = ({ client }: TemplateAccess) => `${encodeURIComponent(client.wabaId)}/message_templates`
const signed = ({ client, token }: TemplateAccess) => ({ token, account: managementAccount(client) })
