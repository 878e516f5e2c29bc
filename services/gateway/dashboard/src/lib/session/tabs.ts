import type { SessionBody } from '../api/types.ts'

/** What the tabs of one browser tell each other. */
export type TabMessage = { kind: 'session'; session: SessionBody } | { kind: 'signed-out' }

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('linko')

export const tellTabs = (message: TabMessage): void => channel?.postMessage(message)

export function listenToTabs(onMessage: (message: TabMessage) => void): void {
  channel?.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => onMessage(data))
}

/** Runs the work while no other tab runs work of this name. Browsers without locks (plain http) run it at once. */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!('locks' in navigator)) return await work()
  return await navigator.locks.request(`linko.${name}`, work)
}
