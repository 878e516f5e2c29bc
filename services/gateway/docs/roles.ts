import { ACTIONS, type Action, can, ROLES } from '#shared/auth/policy.ts'
import { AREAS } from '#shared/auth/scopes.ts'
import type { Route } from '#shared/http/route.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a route needs of its surroundings does not show in its description
type AnyRoute = Pick<Route<any>, 'method' | 'path' | 'action' | 'summary'>

const ROLE_TEXTS = {
  agent: 'reads and answers conversations',
  manager: 'runs templates, campaigns and assignment, and repairs what failed',
  tenant_admin: 'runs the account: its people, keys, numbers, settings and limits',
  platform_admin: 'runs the platform: all tenants, and everything in each of them (`X-Organization-Id`, audited)',
} as const satisfies Record<(typeof ROLES)[number], string>

/** `docs/roles.md`: what each role and each scope may do, by the policy table and the list of routes. */
export function rolesPage(routes: readonly AnyRoute[]): string {
  return [
    '# Roles and scopes',
    '',
    'Written by `npm run roles` from the policy table (`shared/auth/policy.ts`) and the list of routes; a test compares. What is not in the',
    'table is forbidden.',
    '',
    '## Roles',
    '',
    'Each role may also do what the ones before it may.',
    '',
    ...ROLES.map(role => `- \`${role}\` ${ROLE_TEXTS[role]}.`),
    '',
    'Nobody gives a role above their own, or changes somebody who has one. The last admin of an account who can sign in stays one.',
    '',
    '## Scopes of API keys',
    '',
    'A key has a role and scopes, and may do what both allow. A scope is an action, all actions of an area (`messages.*`), or everything (`*`).',
    'Nobody makes a key that may do more than they may themselves. A key with `users.write` may reset the password of everybody up to its',
    'role: give that scope to no program that does not need it. Routes that are about a person (own password, sessions, second factor,',
    'availability) refuse keys.',
    '',
    '## Actions',
    '',
    `| action (scope) | ${ROLES.join(' | ')} | routes |`,
    `| --- | ${ROLES.map(() => '---').join(' | ')} | --- |`,
    ...AREAS.flatMap(area => ACTIONS.filter(action => action.startsWith(`${area}.`)).map(action => rowOf(action, routes))),
    '',
    '## Routes without a token',
    '',
    ...routes.filter(({ action }) => action === null).map(route => `- ${shown(route)}: ${route.summary}`),
    '',
  ].join('\n')
}

function rowOf(action: Action, routes: readonly AnyRoute[]): string {
  const marks = ROLES.map(role => (can(role, action) ? '✓' : ''))
  const own = routes.filter(route => route.action === action).map(shown)
  return `| \`${action}\` | ${marks.join(' | ')} | ${own.join('<br>') || `no route of its own`} |`
}

const shown = ({ method, path }: Pick<AnyRoute, 'method' | 'path'>) => `\`${method.toUpperCase()} ${path}\``
