import type { MayGoOn } from '#shared/process/jobs.ts'
import { findDueSnoozes, wake } from '#shared/store/inbox/snoozed.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'

const BATCH = 100

/** Puts conversations whose snooze is over among the open ones again. @returns how many were due. @throws Outage */
export async function wakeSnoozed(
  { store, events, now }: Pick<BackgroundDeps, 'store' | 'events' | 'now'>,
  mayGoOn: MayGoOn,
): Promise<number> {
  const due = await findDueSnoozes(store, now(), BATCH)
  for (const conversation of due) {
    if (!mayGoOn()) break
    void events.publish(await wake(store, conversation, now()), null)
  }
  return due.length
}
