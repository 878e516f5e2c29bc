import type { SentCommand } from '#shared/store/connect.ts'

/** A command of the driver: `update events` is its `name`. */
export interface RecordedCommand {
  name: string
  command: Record<string, unknown>
}

/** Commands that belong to no statement. */
const OTHERS = new Set(['hello', 'ping', 'endSessions'])

/** Records the commands of a store that is connected with this `onCommand`, in their order. */
export function createCommandLog() {
  const commands: RecordedCommand[] = []
  return {
    commands,
    onCommand({ name, collection, command }: SentCommand): void {
      if (!OTHERS.has(name)) commands.push({ name: `${name} ${collection}`, command })
    },
  }
}
