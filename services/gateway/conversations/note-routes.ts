import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import type { NoteDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { getConversation } from '#shared/store/inbox/conversations.ts'
import { addNote, findNote, listNotes } from '#shared/store/inbox/notes.ts'
import { pageView } from '#shared/store/pages.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, Paging } from '../schemas.ts'

const tag = 'conversations'
const path = '/api/v1/conversations/{id}/notes'
const action = 'conversations.notes'

const NoteView = z.object({
  id: z.string(),
  conversationId: z.string().nullable(),
  leadId: z.string().nullable(),
  text: z.string(),
  isPrivate: z.boolean(),
  createdBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
})

const add = route({
  method: 'post',
  path,
  action,
  bucket: 'read',
  idempotent: true,
  tag,
  summary: 'Write a note about a conversation; the customer never sees it',
  params: IdParams,
  body: z.strictObject({ text: z.string().min(1).max(4096), isPrivate: z.boolean().default(true) }),
  status: 201,
  returns: NoteView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const conversation = await getConversation(deps.store, tenantId, request.params.id)
    const input = { what: 'note', id: request.params.id, body: request.body }
    return withIdempotencyKey(deps, tenantId, idempotencyKeyOf(request.headers), input, async once => {
      const own = { ...request.body, createdBy: toId(by) }
      const note = await createOnce(
        once,
        id => findNote(deps.store, conversation.tenantId, id),
        _id => addNote(deps.store, conversation, { _id, ...own }, deps.now()),
      )
      return { status: 201, body: noteView(note) }
    })
  },
})

const list = route({
  method: 'get',
  path,
  action,
  tag,
  summary: 'Notes about a conversation, newest first',
  params: IdParams,
  query: z.strictObject(Paging),
  returns: listOf(NoteView),
  async handle(request, { store }: GatewayDeps) {
    const conversation = await getConversation(store, callerOf(request).tenantId, request.params.id)
    return { body: pageView(await listNotes(store, conversation, request.query), noteView) }
  },
})

export const noteRoutes = [list, add]

function noteView(doc: NoteDoc): z.infer<typeof NoteView> {
  return {
    id: String(doc._id),
    conversationId: doc.conversationId && String(doc.conversationId),
    leadId: doc.leadId && String(doc.leadId),
    text: doc.text,
    isPrivate: doc.isPrivate,
    createdBy: doc.createdBy ? String(doc.createdBy) : null,
    createdAt: doc.createdAt.toISOString(),
  }
}
