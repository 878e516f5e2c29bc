import type { MayGoOn } from '#shared/process/jobs.ts'
import { findPendingLabels, finishLabel } from '#shared/store/inbox/labels.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'

const BATCH = 20

/** Finishes changes of labels whose process ended before all rows had the new name. @returns how many were found. @throws Outage */
export async function finishLabels({ store }: Pick<BackgroundDeps, 'store'>, mayGoOn: MayGoOn): Promise<number> {
  const pending = await findPendingLabels(store, BATCH)
  for (const label of pending) if (mayGoOn()) await finishLabel(store, label)
  return pending.length
}
