import { z } from 'zod'
import { acceptLink, findOpenLink, type OpenLink } from '#shared/auth/account-links.ts'
import { ROLES } from '#shared/auth/policy.ts'
import { route } from '#shared/http/route.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import type { Session } from '#shared/store/transaction.ts'
import { lookUpLink } from '../accounts/authenticate.ts'
import { lockout } from '../accounts/lockout.ts'
import { announceRevocation } from '../accounts/revocation.ts'
import { requirePasswords } from '../accounts/sign-in.ts'
import type { GatewayDeps } from '../deps.ts'
import { acceptedHash } from './create.ts'

const tag = 'auth'
const Token = z.string().min(1).max(128)

const OpenLinkView = z.object({
  purpose: z.enum(['invitation', 'reset']),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  company: z.string().describe('Name of the account'),
  expiresAt: z.iso.datetime(),
})

const read = route({
  method: 'post',
  path: '/api/v1/auth/links/read',
  action: null,
  bucket: 'auth',
  tag,
  summary: 'See whom a one-time link is for, without using it up',
  body: z.strictObject({ token: Token }),
  returns: OpenLinkView,
  async handle(request, deps: GatewayDeps) {
    const { link, user, tenant } = await open(deps, request.body.token, request.ip)
    const { email, name, role } = user
    return { body: { purpose: link.purpose, email, name, role, company: tenant.name, expiresAt: link.expiresAt.toISOString() } }
  },
})

const accept = route({
  method: 'post',
  path: '/api/v1/auth/links/accept',
  action: null,
  bucket: 'auth',
  tag,
  summary: 'Choose a password by a one-time link, which is used up; all sessions from before end',
  body: z.strictObject({
    token: Token,
    password: z.string().min(1).max(1024),
    name: z.string().trim().min(1).max(100).optional(),
  }),
  status: 204,
  async handle(request, deps: GatewayDeps) {
    requirePasswords(deps.config)
    const { token, password, name } = request.body
    const found = await open(deps, token, request.ip)
    const { user, link } = found
    const passwordHash = await acceptedHash(password, user)
    const entry = (after: UserDoc, session: Session) => record(deps, found, { after, ip: request.ip }, session)
    await acceptLink(deps.store, found, { passwordHash, name, now: deps.now() }, entry)
    await lockout(deps, user.email, request.ip).open()
    await announceRevocation(deps, { tenantId: String(link.tenantId), userId: String(user._id) })
    return {}
  },
})

export const linkRoutes = [read, accept]

/** @throws ApiError 410 LINK_INVALID, 429 RATE_LIMITED */
const open = (deps: GatewayDeps, token: string, ip: string): Promise<OpenLink> =>
  lookUpLink(deps, ip, () => findOpenLink(deps.store, token, deps.now()))

const record = async (
  { store }: GatewayDeps,
  { user, link }: OpenLink,
  { after, ip }: { after: UserDoc; ip: string },
  session: Session,
): Promise<void> => {
  await audit(
    store,
    {
      tenantId: link.tenantId,
      actor: { kind: 'user', id: user._id, name: after.name },
      action: 'users.linkUsed',
      object: { kind: 'user', id: String(user._id) },
      changes: { purpose: { before: null, after: link.purpose }, status: { before: user.status, after: after.status } },
      ip,
    },
    { session },
  )
}
