import { hasDemoUsers } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'

/**
 * Production must not open a door whose key is in the README: it refuses a database in which users of the demo can sign in.
 * @throws Error that says what to do
 */
export async function refuseDemoUsers(store: Store, nodeEnv: string): Promise<void> {
  if (nodeEnv !== 'production' || !(await hasDemoUsers(store))) return
  throw new Error(
    'This database holds users of the demo, whose passwords everybody knows. Give production a database of its own, or disable those users: docs/production.md says how.',
  )
}
