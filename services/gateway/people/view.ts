import { z } from 'zod'
import { linkAddress, type NewLink } from '#shared/auth/account-links.ts'
import { ROLES } from '#shared/auth/policy.ts'
import { AVAILABILITIES } from '#shared/contracts/availability.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import type { GatewayDeps } from '../deps.ts'

/** A user as the admins of their account see them. */
export const PersonView = z.object({
  id: z.string(),
  tenantId: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  status: z.enum(['invited', 'active', 'disabled']).describe('invited: has not followed the link of the invitation yet'),
  availability: z.enum(AVAILABILITIES),
  hasSecondFactor: z.boolean(),
  lastSeenAt: z.iso.datetime().nullable().describe('Last sign-in or renewal of a session, to about 15 minutes'),
  lastLockedAt: z.iso
    .datetime()
    .nullable()
    .describe('When sign-ins were last locked after wrong passwords, since the last sign-in'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
export type PersonView = z.infer<typeof PersonView>

export function personView(user: UserDoc): PersonView {
  return {
    id: String(user._id),
    tenantId: String(user.tenantId),
    email: user.email,
    name: user.name,
    role: user.role,
    status: user.status,
    availability: user.availability ?? 'available',
    hasSecondFactor: user.secondFactor?.confirmedAt != null,
    lastSeenAt: user.lastSeenAt?.toISOString() ?? null,
    lastLockedAt: user.lastLockedAt?.toISOString() ?? null,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
  }
}

/** A one-time link; it is shown in this one answer and can be handed on by any way that is safe. */
export const LinkView = z.object({
  url: z.string(),
  token: z.string().describe('The part of `url` behind #token=, for callers with a page of their own'),
  purpose: z.enum(['invitation', 'reset']),
  expiresAt: z.iso.datetime(),
})

export function linkView({ config }: Pick<GatewayDeps, 'config'>, link: NewLink): z.infer<typeof LinkView> {
  const { token, purpose, expiresAt } = link
  return { url: linkAddress(config.DASHBOARD_URL ?? config.BASE_URL, link), token, purpose, expiresAt: expiresAt.toISOString() }
}

/** Whom one-time links and new users are shown with. */
export const InvitedView = PersonView.extend({
  link: LinkView.nullable().describe('Link of the invitation; null for a user whose password was given'),
})
