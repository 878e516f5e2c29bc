import type { Role } from '../model/documents.ts'
import { ACTIONS, type Action, can } from './policy.ts'

/** Areas of the policy table: what stands before the dot of an action. */
export const AREAS = [...new Set(ACTIONS.map(action => action.split('.')[0] as string))]

/** Scopes that an API key may have: everything, the actions of an area, or one action. */
export const SCOPES: readonly string[] = ['*', ...AREAS.map(area => `${area}.*`), ...ACTIONS]

/** Whether a scope covers an action. */
export const covers = (scope: string, action: Action): boolean =>
  scope === '*' || scope === action || (scope.endsWith('.*') && action.startsWith(scope.slice(0, -1)))

/** Actions that a key with this role and these scopes may do. */
export const actionsOf = (role: Role, scopes: readonly string[]): Action[] =>
  ACTIONS.filter(action => can(role, action) && scopes.some(scope => covers(scope, action)))
