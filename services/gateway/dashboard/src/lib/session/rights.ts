import { type Action, can } from '#shared/auth/policy.ts'
import { useSession } from './session-store.ts'

/** Whether the role of the signed-in person allows an action. The server decides; this only spares people what they may not do. */
export const useMay = (action: Action | null): boolean =>
  useSession(({ user }) => user !== null && (action === null || can(user.role, action)))

export type { Action }
