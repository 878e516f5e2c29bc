import { create } from 'zustand'
import type { SessionUser } from '../api/types.ts'

export interface SessionState {
  /**
   * `unknown`: not asked yet. `unreachable`: the server did not answer; `user` is who was signed in before, if that is known. `expired`:
   * the session of the shown person has ended; the page stays, with a dialog over it.
   */
  status: 'unknown' | 'unreachable' | 'signed-out' | 'signed-in' | 'expired'
  user: SessionUser | null
  /** Access token. In memory only: the refresh token is in a cookie that no script can read. */
  token: string | null
}

export const useSession = create<SessionState>(() => ({ status: 'unknown', user: null, token: null }))

/** The signed-in person. Only for components below the shell, which is shown to nobody else. */
export function useUser(): SessionUser {
  const user = useSession(state => state.user)
  if (user === null) throw new Error('nobody is signed in')
  return user
}
