import { type Action, can } from '#shared/auth/policy.ts'
import { useSession } from './session-store.ts'

/** Whether the role of the signed-in person allows an action. The server decides; this only spares people what they may not do. */
export const useMay = (action: Action | null): boolean => useRights()(action)

/** As `useMay`, for several actions. */
export function useRights(): (action: Action | null) => boolean {
  const role = useSession(({ user }) => user?.role)
  return action => role !== undefined && (action === null || can(role, action))
}

export type { Action }
