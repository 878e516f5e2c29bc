import { z } from 'zod'
import { ROLES } from '#shared/auth/policy.ts'
import { AVAILABILITIES } from '#shared/contracts/availability.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { type ChangedUser, changeUser, endsSessionsOf, listUserNames, listUsers } from '#shared/store/accounts/people.ts'
import { getUser } from '#shared/store/accounts/users.ts'
import { pageView } from '#shared/store/pages.ts'
import { announceRevocation } from '../accounts/revocation.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import { IdParams, listOf, ObjectIdText, Paging, wholeList } from '../schemas.ts'
import { withSealedReply } from '../sealed-reply.ts'
import { createPerson, newLinkFor } from './create.ts'
import { enabledStatus, requireChange, requireOther, requireRank } from './rules.ts'
import { InvitedView, LinkView, linkView, PersonView, personView } from './view.ts'

const tag = 'users'
const path = '/api/v1/users'
const Email = z.string().trim().toLowerCase().max(254).pipe(z.email('Must be an e-mail address'))
const Name = z.string().trim().min(1).max(100)
const Role = z.enum(ROLES)

const list = route({
  method: 'get',
  path,
  action: 'users.read',
  tag,
  summary: 'List the users of the account, newest first',
  query: z.strictObject({
    ...Paging,
    role: Role.optional(),
    status: z.enum(['invited', 'active', 'disabled']).optional(),
    q: z.string().trim().min(1).max(100).optional().describe('Part of a name or an e-mail address'),
  }),
  returns: listOf(PersonView),
  async handle(request, { store }: GatewayDeps) {
    return { body: pageView(await listUsers(store, callerOf(request).tenantId, request.query, request.query), personView) }
  },
})

const NameView = z.object({ id: z.string(), name: z.string(), role: Role, availability: z.enum(AVAILABILITIES) })

const names = route({
  method: 'get',
  path: `${path}/names`,
  action: 'users.names',
  tag,
  summary: 'List the active users of the account by name, to whom conversations can be assigned',
  returns: listOf(NameView),
  async handle(request, { store }: GatewayDeps) {
    const users = await listUserNames(store, callerOf(request).tenantId)
    const view = users.map(({ _id, name, role, availability = 'available' }) => ({ id: String(_id), name, role, availability }))
    return { body: wholeList(view) }
  },
})

const read = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'users.read',
  tag,
  summary: 'Get a user',
  params: IdParams,
  returns: PersonView,
  async handle(request, { store }: GatewayDeps) {
    return { body: personView(await getUser(store, callerOf(request).tenantId, request.params.id)) }
  },
})

/** A user is added under both addresses: the SaaS platform calls it to register. */
const add = [path, '/api/v1/auth/register'].map(path =>
  route({
    method: 'post',
    path,
    action: 'users.write',
    idempotent: true,
    tag,
    summary: 'Add a user; without a password the answer has a one-time link by which the person chooses one',
    body: z.strictObject({
      email: Email,
      name: Name,
      role: Role.default('agent'),
      password: z.string().min(1).max(1024).optional(),
      tenantId: ObjectIdText.optional().describe('Account of the user, for platform admins; your own by default'),
    }),
    status: 201,
    returns: InvitedView,
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const { tenantId = caller.tenantId, ...person } = request.body
      if (tenantId !== caller.tenantId && !caller.may('tenants.any')) throw notFound('Tenant')
      const { password: _secret, ...told } = request.body
      const asked = { tenantId: caller.tenantId, key: idempotencyKeyOf(request.headers), request: { what: 'user', body: told } }
      return withSealedReply(deps, asked, async once => {
        const { user, link } = await createPerson(request, deps, { tenantId, once }, person)
        return { status: 201, body: { ...personView(user), link: link && linkView(deps, link) } }
      })
    },
  }),
)

const Change = z
  .strictObject({
    name: Name.optional(),
    email: Email.optional(),
    role: Role.optional(),
    status: z.enum(['active', 'disabled']).optional(),
  })
  .refine(input => Object.keys(input).length > 0, { error: 'Give at least one field to change' })

/** PUT and PATCH are the same partial update. */
const change = (['patch', 'put'] as const).map(method =>
  route({
    method,
    path: `${path}/{id}`,
    action: 'users.write',
    tag,
    summary: 'Change name, address, role or status of a user; another role or status ends their sessions at once',
    params: IdParams,
    body: Change,
    returns: PersonView,
    async handle(request, deps: GatewayDeps) {
      const caller = callerOf(request)
      const { status, ...fields } = request.body
      const where = { tenantId: caller.tenantId, userId: request.params.id, by: toId(caller.id) }
      const entry = audited<ChangedUser>(request, deps, ({ before, after }) => {
        const changes = changesOf(before, after, ['name', 'email', 'role', 'status'])
        if (Object.keys(changes).length === 0) return null
        return { action: 'users.update', object: { kind: 'user', id: String(before._id) }, changes }
      })
      const decide = (before: UserDoc, hasOtherAdmin: boolean) => {
        const wanted = { ...given(fields), ...(status && { status: status === 'active' ? enabledStatus(before) : status }) }
        requireChange(caller, before, wanted, hasOtherAdmin)
        return wanted
      }
      const { before, after } = await changeUser(deps.store, where, decide, entry)
      if (endsSessionsOf(before, after)) await announceRevocation(deps, { tenantId: caller.tenantId, userId: String(after._id) })
      return { body: personView(after) }
    },
  }),
)

const given = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'users.write',
  tag,
  summary: 'Delete a user: their sessions end at once, what they wrote keeps their name, and their address is free again',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { id } = request.params
    const where = { tenantId: caller.tenantId, userId: id, by: toId(caller.id) }
    const entry = audited<ChangedUser>(request, deps, ({ before }) => ({
      action: 'users.delete',
      object: { kind: 'user', id },
      changes: { email: { before: before.email, after: null }, role: { before: before.role, after: null } },
    }))
    const decide = (before: UserDoc, hasOtherAdmin: boolean) => {
      const gone = { status: 'disabled' as const, deletedAt: deps.now(), email: `${id}@deleted.invalid` }
      requireChange(caller, before, gone, hasOtherAdmin)
      return { ...gone, passwordHash: null, secondFactor: null, identity: null }
    }
    await changeUser(deps.store, where, decide, entry)
    await announceRevocation(deps, { tenantId: caller.tenantId, userId: id })
    return {}
  },
})

const link = route({
  method: 'post',
  path: `${path}/{id}/link`,
  action: 'users.write',
  idempotent: true,
  tag,
  summary:
    'Make a one-time link for a user, of an invitation or to reset the password; it works for 24 hours, and earlier ones end',
  params: IdParams,
  status: 201,
  returns: LinkView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { tenantId } = caller
    const { id } = request.params
    const asked = { tenantId, key: idempotencyKeyOf(request.headers), request: { what: 'link', id } }
    return withSealedReply(deps, asked, async () => {
      const user = await getUser(deps.store, tenantId, id)
      requireRank(caller, user.role)
      requireOther(caller, user, 'Change your own password with `POST /api/v1/auth/password`, or ask another admin for a link.')
      if (user.status === 'disabled') throw new ApiError(409, 'USER_DISABLED', 'The user is disabled. Enable them first.')
      // One that an earlier attempt has made and nobody has seen ends.
      return { status: 201, body: linkView(deps, await newLinkFor(request, deps, user)) }
    })
  },
})

export const peopleRoutes = [list, names, read, ...add, ...change, remove, link]
