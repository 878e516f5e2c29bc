import type { Supervised } from '../processes.ts'
import type { Registry } from '../registry.ts'

export const SERVER_NAMES = ['mongodb', 'rabbitmq', 'redis'] as const
export type ServerName = (typeof SERVER_NAMES)[number]

/** Folder, port and process list of a server that the launcher starts itself. */
export interface ServerLocation {
  dir: string
  port: number
  registry: Registry
}

/** A server that the launcher has started itself, with its processes in the order of their start. */
export interface PrivateServer {
  url: string
  supervised: Supervised[]
}

/** A binary that was installed or downloaded, and a text that says from where. */
export interface FetchedBinary {
  binary: string
  from: string
}
