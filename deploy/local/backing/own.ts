import type { Registry, Supervised } from '../processes.ts'

/** Where a server of ours lives. */
export interface Place {
  dir: string
  port: number
  registry: Registry
}

/** A server of ours: its processes in the order of their start. */
export interface OwnServer {
  url: string
  supervised: Supervised[]
}

/** What fetching brought: the binary, and in words where it came from. */
export interface Fetched {
  binary: string
  from: string
}
