import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import type { LeadDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { conversationsOf, getLead, type LeadNote, listLeadNotes } from '#shared/store/contacts/leads.ts'
import { addNote, findNote } from '#shared/store/inbox/notes.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, Paging } from '../schemas.ts'

const tag = 'leads'
const path = '/api/v1/leads/{id}/notes'

/** Notes of a lead and the messages of its conversations in one list; messages are read from their own collection. */
const LeadNoteView = z.object({
  id: z.string(),
  kind: z.enum(['note', 'message']),
  leadId: z.string(),
  conversationId: z.string().nullable(),
  content: z.string(),
  direction: z.enum(['INBOUND', 'OUTBOUND']).nullable(),
  isPrivate: z.boolean(),
  createdBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
})

const list = route({
  method: 'get',
  path,
  action: 'leads.read',
  tag,
  summary: 'List the notes and messages of a lead, newest first',
  params: IdParams,
  query: z.strictObject({ limit: Paging.limit, cursor: Paging.cursor }),
  returns: z.object({
    data: z.array(LeadNoteView),
    total: z.number().int(),
    totalIsExact: z.boolean(),
    limit: z.number().int(),
    hasMore: z.boolean(),
    nextCursor: z.string().nullable(),
  }),
  async handle(request, { store }: GatewayDeps) {
    const lead = await getLead(store, callerOf(request).tenantId, request.params.id)
    const { rows, ...page } = await listLeadNotes(store, lead, request.query)
    return { body: { data: rows.map(row => leadNoteView(lead, row)), ...page } }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'leads.write',
  idempotent: true,
  tag,
  summary: 'Add an internal note to a lead; its conversation shows the note too, the customer does not see it',
  params: IdParams,
  body: z.strictObject({ content: z.string().min(1).max(4096), isPrivate: z.boolean().default(true) }),
  status: 201,
  returns: LeadNoteView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const lead = await getLead(deps.store, tenantId, request.params.id)
    const { content: text, isPrivate } = request.body
    const input = { what: 'leadNote', id: request.params.id, body: request.body }
    return withIdempotencyKey(deps, tenantId, idempotencyKeyOf(request.headers), input, async once => {
      const [conversationId] = await conversationsOf(deps.store, lead)
      const about = { tenantId: lead.tenantId, _id: conversationId ?? null, leadId: lead._id }
      const note = await createOnce(
        once,
        id => findNote(deps.store, lead.tenantId, id),
        _id => addNote(deps.store, about, { _id, text, isPrivate, createdBy: toId(by) }, deps.now()),
      )
      return { status: 201, body: leadNoteView(lead, { at: note.createdAt, id: note._id, note }) }
    })
  },
})

export const leadNoteRoutes = [list, add]

function leadNoteView(lead: LeadDoc, row: LeadNote): z.infer<typeof LeadNoteView> {
  const common = { id: String(row.id), leadId: String(lead._id), createdAt: row.at.toISOString() }
  if ('note' in row) {
    const { conversationId, text, isPrivate, createdBy } = row.note
    const where = conversationId ? String(conversationId) : null
    const writer = createdBy ? String(createdBy) : null
    return { ...common, kind: 'note', conversationId: where, content: text, direction: null, isPrivate, createdBy: writer }
  }
  const { conversationId, content, type, direction, sentBy } = row.message
  return {
    ...common,
    kind: 'message',
    conversationId: String(conversationId),
    content: content.text ?? `[${type}]`,
    direction,
    isPrivate: false,
    createdBy: sentBy?.id ? String(sentBy.id) : null,
  }
}
