import { z } from 'zod'
import { NoteView } from '#shared/contracts/views.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { Id } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { findActiveUsers } from '#shared/store/accounts/users.ts'
import { getConversation } from '#shared/store/inbox/conversations.ts'
import { addNote, findNote, listMentions, listNotes, noteEvent } from '#shared/store/inbox/notes.ts'
import { pageView } from '#shared/store/pages.ts'
import { noteView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, ObjectIdText, Paging } from '../schemas.ts'

const tag = 'conversations'
const path = '/api/v1/conversations/{id}/notes'
const action = 'conversations.notes'

const add = route({
  method: 'post',
  path,
  action,
  bucket: 'read',
  idempotent: true,
  tag,
  summary: 'Write a note about a conversation; the customer never sees it',
  params: IdParams,
  body: z.strictObject({
    text: z.string().min(1).max(4096),
    isPrivate: z.boolean().default(true),
    mentions: z.array(ObjectIdText).max(20).default([]).describe('Ids of colleagues who are told of the note'),
  }),
  status: 201,
  returns: NoteView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const conversation = await getConversation(deps.store, tenantId, request.params.id)
    const { mentions, ...fields } = request.body
    const input = { what: 'note', id: request.params.id, body: request.body }
    return withIdempotencyKey(deps, tenantId, idempotencyKeyOf(request.headers), input, async once => {
      const own = { ...fields, mentions: await colleagues(deps, tenantId, mentions), createdBy: toId(by) }
      const note = await createOnce(
        once,
        id => findNote(deps.store, conversation.tenantId, id),
        _id => addNote(deps.store, conversation, { _id, ...own }, deps.now(), conversation),
      )
      void deps.events.publish([noteEvent(note, conversation)], request.traceparent)
      return { status: 201, body: noteView(note) }
    })
  },
})

/** The users of the account who are named. @throws ApiError 422 MENTION_UNKNOWN */
async function colleagues({ store }: GatewayDeps, tenantId: string, ids: readonly string[]): Promise<Id[]> {
  const named = [...new Set(ids)]
  if (named.length === 0) return []
  const active = await findActiveUsers(store, tenantId, named)
  if (active.length < named.length)
    throw new ApiError(422, 'MENTION_UNKNOWN', 'A note can only name active users of the account.', {
      errors: [{ path: 'mentions', message: 'One of the users is not active in the account.' }],
    })
  return named.map(toId)
}

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

const mentions = route({
  method: 'get',
  path: '/api/v1/mentions',
  action,
  tag,
  summary: 'Notes that name you, newest first',
  query: z.strictObject(Paging),
  returns: listOf(NoteView),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId, id } = callerOf(request)
    return { body: pageView(await listMentions(store, tenantId, toId(id), request.query), noteView) }
  },
})

export const noteRoutes = [list, add, mentions]
