import { z } from 'zod'
import { ContactView, ReferralView } from '#shared/contracts/views.ts'
import { isBlocked } from '#shared/domain/contacts/block.ts'
import { isBusinessScopedId } from '#shared/domain/contacts/phone-number.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { ContactDoc } from '#shared/model/documents.ts'
import { type Id, toId } from '#shared/model/ids.ts'
import { mergeContacts } from '#shared/recording/merge-contacts.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { changeContact, createContact, findContact, getContact, listContacts } from '#shared/store/contacts/contacts.ts'
import { requireLabels } from '#shared/store/inbox/labels.ts'
import { pageView } from '#shared/store/pages.ts'
import { contactView, referralView } from '#shared/views/views.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { ATTRIBUTE_NAME, flagText, IdParams, listOf, ObjectIdText, Paging, PEOPLE_FOUND } from '../schemas.ts'
import { phoneOf } from './phone-of.ts'

const tag = 'contacts'
const path = '/api/v1/contacts'

const ContactDetailView = ContactView.extend({
  parentUserId: z.string().nullable(),
  nameSource: z.string().nullable(),
  /** Time and source (`whatsapp`, `stop-word`, `agent`) of the latest change of `optOut`, which concerns marketing only. */
  optOutAt: z.iso.datetime().nullable(),
  optOutSource: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()),
  labels: z.array(z.string()),
  /** Nothing can be sent to a blocked contact. `state` is the block at Meta: PENDING, DONE, or REFUSED with the problem. */
  block: z.object({ at: z.iso.datetime(), state: z.string(), problem: z.string().nullable() }).nullable(),
  /** The ad or post from which the person came first. */
  firstReferral: ReferralView.nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

const Name = z.string().trim().min(1).max(200).nullable()
const Attributes = z
  .record(z.string().regex(ATTRIBUTE_NAME), z.union([z.string().max(1000), z.number(), z.boolean(), z.null()]))
  .refine(attributes => Object.keys(attributes).length <= 100, 'Must have at most 100 attributes')

const Labels = z.array(z.string().min(1).max(64)).max(20)

const list = route({
  method: 'get',
  path,
  action: 'contacts.read',
  tag,
  summary: 'List contacts, newest first',
  query: z.strictObject({
    ...Paging,
    q: z.string().trim().min(1).max(100).optional().describe(PEOPLE_FOUND),
    optOut: flagText.optional(),
    blocked: flagText.optional(),
    label: z.string().min(1).max(64).optional(),
  }),
  returns: listOf(ContactDetailView),
  async handle(request, { store }: GatewayDeps) {
    return { body: pageView(await listContacts(store, callerOf(request).tenantId, request.query, request.query), detailView) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'contacts.write',
  idempotent: true,
  tag,
  summary: 'Create a contact by phone number or business-scoped user id',
  body: z
    .strictObject({
      phone: z.string().min(3).max(40).optional(),
      userId: z.string().refine(isBusinessScopedId, 'Must be a business-scoped user id').optional(),
      name: Name.default(null),
      optOut: z.boolean().default(false),
      attributes: Attributes.default({}),
    })
    .refine(({ phone, userId }) => phone !== undefined || userId !== undefined, 'Give phone or userId'),
  status: 201,
  returns: ContactDetailView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const { phone, userId = null, optOut, ...fields } = request.body
    return withIdempotencyKey(
      deps,
      tenantId,
      idempotencyKeyOf(request.headers),
      { what: 'contact', body: request.body },
      async once => {
        const find = (id: Id) => findContact(deps.store, toId(tenantId), id)
        const contact = await createOnce(once, find, async _id => {
          const waId = phone === undefined ? null : await phoneOf(deps.store, tenantId, phone, 'phone')
          const own = { ...fields, waId, userId, ...(optOut ? optedOut(deps.now()) : OPEN), createdBy: toId(by) }
          return await createContact(deps.store, toId(tenantId), { _id, ...own })
        })
        return { status: 201, body: detailView(contact) }
      },
    )
  },
})

const OPEN = { optOut: false, optOutAt: null, optOutSource: null }
const optedOut = (at: Date, optOut = true) => ({ optOut, optOutAt: at, optOutSource: 'agent' })

const one = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'contacts.read',
  tag,
  summary: 'Get a contact',
  params: IdParams,
  returns: ContactDetailView,
  async handle(request, { store }: GatewayDeps) {
    return { body: detailView(await getContact(store, callerOf(request).tenantId, request.params.id)) }
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'contacts.write',
  tag,
  summary: 'Update the name, marketing opt-out, labels or attributes of a contact; null removes an attribute',
  params: IdParams,
  body: z.strictObject({
    name: Name.optional(),
    optOut: z.boolean().optional(),
    attributes: Attributes.optional(),
    labels: Labels.optional(),
  }),
  returns: ContactDetailView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const before = await getContact(deps.store, tenantId, request.params.id)
    await requireLabels(deps.store, tenantId, request.body.labels ?? [])
    const set = { ...changesTo(before, request.body, deps.now()), updatedBy: toId(by) }
    const entry = audited<ContactDoc>(request, deps, after => {
      if (after.optOut === before.optOut) return null
      const object = { kind: 'contact', id: String(after._id) }
      return { action: 'contacts.optOut', object, changes: changesOf(before, after, ['optOut']) }
    })
    const { contact, events } = await changeContact(deps.store, before, set, deps.now(), entry)
    void deps.events.publish(events, request.traceparent)
    return { body: detailView(contact) }
  },
})

interface ContactInput {
  name?: string | null | undefined
  optOut?: boolean | undefined
  attributes?: Record<string, unknown> | undefined
  labels?: string[] | undefined
}

/** Fields that a request changes. `name: null` lets the WhatsApp profile name apply again. @throws ApiError 422 */
function changesTo(before: ContactDoc, { name, optOut, attributes, labels }: ContactInput, now: Date): Partial<ContactDoc> {
  const merged = Object.entries({ ...before.attributes, ...attributes }).filter(([, value]) => value !== null)
  if (merged.length > 100) throw new ApiError(422, 'ATTRIBUTES_TOO_MANY', 'A contact can have at most 100 attributes.')
  return {
    ...(name !== undefined && { name, nameSource: name === null ? null : 'agent' }),
    ...(optOut !== undefined && optOut !== before.optOut && optedOut(now, optOut)),
    ...(attributes && { attributes: Object.fromEntries(merged) }),
    ...(labels && { labels: [...new Set(labels)] }),
  }
}

const merge = route({
  method: 'post',
  path: `${path}/{id}/merge`,
  action: 'contacts.merge',
  tag,
  summary: 'Merge another contact into this one, with its identifiers, conversations, leads and attributes',
  params: IdParams,
  body: z.strictObject({ contactId: ObjectIdText.describe('Contact that is merged and removed') }),
  returns: ContactDetailView,
  async handle(request, deps: GatewayDeps) {
    const { params, body, traceparent } = request
    if (params.id === body.contactId) throw new ApiError(422, 'SAME_CONTACT', 'A contact cannot be merged with itself.')
    const [tenantId, keptId, otherId] = [callerOf(request).tenantId, params.id, body.contactId].map(id => toId(id)) as [
      Id,
      Id,
      Id,
    ]
    const changes = { joined: { before: body.contactId, after: params.id } }
    const entry = audited(request, deps, () => ({
      action: 'contacts.merge',
      object: { kind: 'contact', id: params.id },
      changes,
    }))
    const { contact, events } = await mergeContacts(deps.store, { tenantId, keptId, otherId, now: deps.now() }, entry)
    void deps.events.publish(events, traceparent)
    return { body: detailView(contact) }
  },
})

const BLOCK_SUMMARIES = {
  post: 'Block a contact: nothing is sent to it, its messages raise no notification, and Meta is asked to block it too',
  delete: 'Unblock a contact',
} as const

const blocks = (['post', 'delete'] as const).map(method =>
  route({
    method,
    path: `${path}/{id}/block`,
    action: 'contacts.block',
    tag,
    summary: BLOCK_SUMMARIES[method],
    params: IdParams,
    returns: ContactDetailView,
    async handle(request, deps: GatewayDeps) {
      const { tenantId, id: by } = callerOf(request)
      const before = await getContact(deps.store, tenantId, request.params.id)
      if (before.groupId) throw new ApiError(422, 'CONTACT_IS_GROUP', 'A group cannot be blocked.')
      if (isBlocked(before) === (method === 'post')) return { body: detailView(before) }
      const now = deps.now()
      const state = method === 'post' ? ('PENDING' as const) : ('LIFTING' as const)
      const block = { at: now, by: toId(by), state, problem: null, nextAt: now }
      const action = method === 'post' ? 'contacts.block' : 'contacts.unblock'
      const entry = audited<ContactDoc>(request, deps, ({ _id }) => ({ action, object: { kind: 'contact', id: String(_id) } }))
      const { contact, events } = await changeContact(deps.store, before, { block }, now, entry)
      void deps.events.publish(events, request.traceparent)
      return { body: detailView(contact) }
    },
  }),
)

export const contactRoutes = [list, add, one, change, merge, ...blocks]

/** A contact with everything that is known of it. */
export function detailView(doc: ContactDoc): z.infer<typeof ContactDetailView> {
  return {
    ...contactView(doc._id, doc),
    parentUserId: doc.parentUserId ?? null,
    nameSource: doc.nameSource ?? null,
    optOutAt: doc.optOutAt?.toISOString() ?? null,
    optOutSource: doc.optOutSource ?? null,
    attributes: doc.attributes ?? {},
    labels: [...(doc.labels ?? [])],
    block:
      isBlocked(doc) && doc.block ? { at: doc.block.at.toISOString(), state: doc.block.state, problem: doc.block.problem } : null,
    firstReferral: referralView(doc.firstReferral),
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}
