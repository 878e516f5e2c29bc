import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { fillQuickReply, QUICK_REPLY_VARIABLES, unknownVariables } from '#shared/domain/inbox/quick-reply.ts'
import { type Caller, callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { QuickReplyDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { getConversation } from '#shared/store/inbox/conversations.ts'
import { findMediaFile } from '#shared/store/inbox/media-files.ts'
import {
  changeQuickReply,
  createQuickReply,
  findQuickReply,
  getQuickReply,
  listQuickReplies,
  type QuickReplyChange,
} from '#shared/store/inbox/quick-replies.ts'
import { shownPhone } from '#shared/views/views.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf, requireExpected } from '../expected.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, ObjectIdText, wholeList } from '../schemas.ts'

const tag = 'inbox aids'
const path = '/api/v1/quick-replies'

const SCOPES = ['account', 'own'] as const
const QuickReplyView = z.object({
  id: z.string(),
  scope: z.enum(SCOPES),
  shortcut: z.string(),
  title: z.string(),
  text: z.string().nullable(),
  mediaId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

const Shortcut = z.string().regex(/^[\p{L}\p{N}_-]{1,32}$/u, 'Must be 1 to 32 letters, digits, hyphens or underscores')
const Text = z
  .string()
  .min(1)
  .max(4096)
  .refine(text => unknownVariables(text).length === 0, `Its variables must be among ${QUICK_REPLY_VARIABLES.join(', ')}`)
const Title = z.string().trim().min(1).max(120)

const Changes = z.strictObject({
  shortcut: Shortcut.optional(),
  title: Title.optional(),
  text: Text.nullable().optional(),
  mediaId: ObjectIdText.nullable().optional(),
})

const list = route({
  method: 'get',
  path,
  action: 'quickReplies.read',
  tag,
  summary: 'Quick replies of the account and your own, by shortcut',
  returns: listOf(QuickReplyView),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId, id } = callerOf(request)
    return { body: wholeList((await listQuickReplies(store, tenantId, id)).map(quickReplyView)) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'quickReplies.writeOwn',
  idempotent: true,
  tag,
  summary: 'Create a quick reply with a text, a file or both, for yourself or, as a manager, for the account',
  body: z
    .strictObject({
      scope: z.enum(SCOPES).default('own'),
      shortcut: Shortcut,
      title: Title,
      text: Text.nullable().default(null),
      mediaId: ObjectIdText.nullable().default(null),
    })
    .refine(({ text, mediaId }) => text !== null || mediaId !== null, { error: 'Give `text` or `mediaId`', path: ['text'] }),
  status: 201,
  returns: QuickReplyView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { tenantId } = caller
    const { scope, mediaId, ...fields } = request.body
    requireScope(caller, scope)
    const input = { what: 'quickReply', body: request.body }
    return withIdempotencyKey(deps, tenantId, idempotencyKeyOf(request.headers), input, async once => {
      const reply = await createOnce(
        once,
        id => findQuickReply(deps.store, tenantId, id),
        async _id => {
          const now = deps.now()
          const by = toId(caller.id)
          const made = { createdBy: by, updatedBy: null, createdAt: now, updatedAt: now, deletedAt: null }
          const file = await fileOf(deps, tenantId, mediaId)
          const ownerId = scope === 'own' ? by : null
          const row = { _id, tenantId: toId(tenantId), ownerId, ...fields, mediaId: file, ...made }
          const audit = entry(request, deps)
          return await createQuickReply(deps.store, row, (after, session) => audit({ before: null, after }, session))
        },
      )
      return { status: 201, body: quickReplyView(reply) }
    })
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'quickReplies.writeOwn',
  tag,
  summary: 'Change a quick reply',
  params: IdParams,
  body: Changes.extend({
    expected: expectedOf(Changes),
  }),
  returns: QuickReplyView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const before = await getOwn(deps, caller, request.params.id)
    const { mediaId, expected, ...fields } = request.body
    const file = mediaId === undefined ? {} : { mediaId: await fileOf(deps, caller.tenantId, mediaId) }
    const set = { ...fields, ...file, updatedBy: toId(caller.id) }
    const { text, mediaId: media } = { ...before, ...set }
    if (text === null && media === null) throw new ApiError(422, 'QUICK_REPLY_EMPTY', 'A quick reply needs a text or a file.')
    const audit = entry(request, deps)
    const changed = await changeQuickReply(deps.store, before, set, async (done, session) => {
      const { tenantId, updatedBy } = done.before
      await requireExpected(deps, expected, { tenantId, view: quickReplyView(done.before), updatedBy })
      await audit(done, session)
    })
    return { body: quickReplyView(changed) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'quickReplies.writeOwn',
  tag,
  summary: 'Delete a quick reply',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const before = await getOwn(deps, caller, request.params.id)
    const set = { deletedAt: deps.now(), updatedBy: toId(caller.id) }
    await changeQuickReply(deps.store, before, set, entry(request, deps))
    return { status: 204 }
  },
})

const render = route({
  method: 'post',
  path: `${path}/{id}/render`,
  action: 'quickReplies.read',
  bucket: 'read',
  tag,
  summary: 'Text of a quick reply for a conversation, with its variables filled in; nothing is sent',
  params: IdParams,
  body: z.strictObject({ conversationId: ObjectIdText }),
  returns: z.object({
    text: z.string().nullable(),
    mediaId: z.string().nullable(),
    missing: z.array(z.string()).describe('Variables without a known value, which the text still names'),
  }),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId, id, name } = callerOf(request)
    const { text, mediaId } = await getQuickReply(store, tenantId, request.params.id, id)
    const { contact, candidateName } = await getConversation(store, tenantId, request.body.conversationId)
    const facts = {
      contact: { ...contact, phone: shownPhone(contact.phone) },
      agent: { name },
      candidate: { name: candidateName },
    }
    const filled = text === null ? { text, missing: [] } : fillQuickReply(text, facts)
    return { body: { ...filled, mediaId: mediaId && String(mediaId) } }
  },
})

export const quickReplyRoutes = [list, add, change, remove, render]

/** @throws ApiError 403 */
function requireScope(caller: Caller, scope: (typeof SCOPES)[number]): void {
  if (scope === 'account' && !caller.may('quickReplies.write'))
    throw new ApiError(403, 'FORBIDDEN', 'Only managers may change quick replies of the account.')
}

/** A quick reply that the caller may change. @throws ApiError 403, 404 */
async function getOwn({ store }: GatewayDeps, caller: Caller, id: string): Promise<QuickReplyDoc> {
  const reply = await getQuickReply(store, caller.tenantId, id, caller.id)
  requireScope(caller, reply.ownerId === null ? 'account' : 'own')
  return reply
}

/** @throws ApiError 422 MEDIA_UNKNOWN */
async function fileOf({ store }: GatewayDeps, tenantId: string, mediaId: string | null) {
  if (mediaId === null) return null
  if ((await findMediaFile(store, tenantId, mediaId)) === null)
    throw new ApiError(422, 'MEDIA_UNKNOWN', 'There is no uploaded file with this id. Upload it by POST /api/v1/media.')
  return toId(mediaId)
}

const AUDITED = ['shortcut', 'title', 'text', 'mediaId'] as const
type Asked = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>

/** The audit entry of a change for the whole account; what users prepare for themselves leaves none. */
const entry = (request: Asked, deps: GatewayDeps) =>
  audited<Omit<QuickReplyChange, 'before'> & { before: QuickReplyDoc | null }>(request, deps, ({ before, after }) => {
    if (after.ownerId !== null) return null
    return {
      action: 'quickReplies.write',
      object: { kind: 'quickReply', id: String(after._id) },
      changes: changesOf(before, after.deletedAt ? null : after, AUDITED),
    }
  })

const quickReplyView = (doc: QuickReplyDoc): z.infer<typeof QuickReplyView> => ({
  id: String(doc._id),
  scope: doc.ownerId === null ? 'account' : 'own',
  shortcut: doc.shortcut,
  title: doc.title,
  text: doc.text,
  mediaId: doc.mediaId && String(doc.mediaId),
  createdAt: doc.createdAt.toISOString(),
  updatedAt: doc.updatedAt.toISOString(),
})
