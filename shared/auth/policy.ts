import type { Role } from '../model/documents.ts'

/**
 * Policy: the least role for each action. Each role includes the ones below it. An action that is not in the table is
 * forbidden. Every route names one of these actions.
 */
const LEAST_ROLE = {
  // Everyone who is signed in.
  'session.read': 'agent',
  'session.write': 'agent',
  'health.read': 'agent',

  // Agents: read and answer, take an unassigned conversation for oneself, list and send templates, leads.
  'conversations.read': 'agent',
  'conversations.markRead': 'agent',
  'conversations.take': 'agent',
  'conversations.status': 'agent',
  'conversations.labels': 'agent',
  'conversations.snooze': 'agent',
  'conversations.notes': 'agent',
  'conversations.typing': 'agent',
  'conversations.threadOwner': 'agent',
  'messages.read': 'agent',
  'messages.send': 'agent',
  'messages.sendTemplate': 'agent',
  'messages.retry': 'agent',
  'media.read': 'agent',
  'media.write': 'agent',
  'templates.list': 'agent',
  'templates.preview': 'agent',
  'contacts.read': 'agent',
  'contacts.write': 'agent',
  'leads.read': 'agent',
  'leads.write': 'agent',
  'pipelines.read': 'agent',
  'labels.read': 'agent',
  'quickReplies.read': 'agent',
  'quickReplies.writeOwn': 'agent',
  'views.read': 'agent',
  'views.writeOwn': 'agent',
  'users.availability': 'agent',
  'users.names': 'agent',
  'clients.read': 'agent',

  // Managers: templates, campaigns, assignment, operations of the own tenant.
  'conversations.assign': 'manager',
  'templates.write': 'manager',
  'templates.sync': 'manager',
  'campaigns.read': 'manager',
  'campaigns.write': 'manager',
  'contacts.import': 'manager',
  'contacts.merge': 'manager',
  'contacts.block': 'manager',
  'contacts.export': 'manager',
  'labels.write': 'manager',
  'quickReplies.write': 'manager',
  'views.write': 'manager',
  'deadLetters.read': 'manager',
  'deadLetters.write': 'manager',
  'webhookEvents.read': 'manager',
  'webhookEvents.replay': 'manager',
  'jobs.read': 'manager',
  'operations.overview': 'manager',
  'analytics.read': 'manager',
  'limits.read': 'manager',

  // Tenant admins: users, numbers, settings, keys, subscriptions.
  'users.read': 'tenant_admin',
  'users.write': 'tenant_admin',
  'apiKeys.read': 'tenant_admin',
  'apiKeys.write': 'tenant_admin',
  'clients.write': 'tenant_admin',
  'clients.connect': 'tenant_admin',
  'clients.pause': 'tenant_admin',
  'tenants.read': 'tenant_admin',
  'tenants.write': 'tenant_admin',
  'limits.write': 'tenant_admin',
  'subscriptions.read': 'tenant_admin',
  'subscriptions.write': 'tenant_admin',
  'auditLog.read': 'tenant_admin',
  'contacts.erase': 'tenant_admin',
  'contacts.exportPerson': 'tenant_admin',
  'messages.evidence': 'tenant_admin',

  // The platform.
  'tenants.create': 'platform_admin',
  'tenants.any': 'platform_admin',
  'tenants.deactivate': 'platform_admin',
  'platform.operations': 'platform_admin',
} as const satisfies Record<string, Role>

export type Action = keyof typeof LEAST_ROLE
export const ACTIONS = Object.keys(LEAST_ROLE) as Action[]

/** Roles, least first: each includes the ones before it. */
export const ROLES = ['agent', 'manager', 'tenant_admin', 'platform_admin'] as const satisfies readonly Role[]

/** Whether a role allows an action; false for an unknown role or action. */
export function can(role: Role, action: Action): boolean {
  if (!Object.hasOwn(LEAST_ROLE, action)) return false
  return ROLES.indexOf(role) >= ROLES.indexOf(LEAST_ROLE[action])
}

/** Lesser of two roles, so that nobody gets more rights than their own role has. */
export const capRole = (wanted: Role, own: Role): Role => (ROLES.indexOf(wanted) < ROLES.indexOf(own) ? wanted : own)

/** Whether `actor` may assign the role `given`, which must not be above their own. */
export const mayGrant = (actor: Role, given: Role): boolean => ROLES.indexOf(given) <= ROLES.indexOf(actor)

const FOREIGN_ROLES: Record<string, Role> = {
  SYSTEM_ADMINS: 'platform_admin',
  OWNER: 'tenant_admin',
  ADMIN: 'tenant_admin',
  MANAGER: 'manager',
  SELLER: 'agent',
}

/** Role for one of the former systems; null for an unknown one. `COMPANIE_ROLES` (their spelling) means the user's own role. */
export function roleFromForeign(name: string, own: Role): Role | null {
  if (name === 'COMPANIE_ROLES') return own
  if ((ROLES as readonly string[]).includes(name)) return name as Role
  return Object.hasOwn(FOREIGN_ROLES, name) ? (FOREIGN_ROLES[name] as Role) : null
}
