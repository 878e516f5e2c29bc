import { connectStore, type Store, type StoreOptions } from '#shared/store/connect.ts'

/** A command of the driver: `update events` is its `name`. */
export interface RecordedCommand {
  name: string
  command: Record<string, unknown>
}

/** Commands that belong to no statement. */
const OTHERS = new Set(['hello', 'ping', 'endSessions'])
const recorded = new WeakMap<Store, RecordedCommand[]>()

/** A store whose commands `commandsOf` lists. */
export async function connectCounted(uri: string, options: StoreOptions = {}): Promise<Store> {
  const commands: RecordedCommand[] = []
  const store = await connectStore(uri, {
    ...options,
    onCommand({ name, collection, command }) {
      if (!OTHERS.has(name)) commands.push({ name: `${name} ${collection}`, command })
    },
  })
  recorded.set(store, commands)
  return store
}

/** The commands of a counted store so far, in their order; the list grows. */
export const commandsOf = (store: Store): RecordedCommand[] => recorded.get(store) ?? []
