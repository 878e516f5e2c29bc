import { SERVER_NAMES, type ServerName } from './backing/private-server.ts'

type Urls = Record<ServerName, string>

export interface EarlyStart<Process> {
  /** Says where a server is, or where the broker will answer once it has booted. When all are known the processes start. */
  locate(server: ServerName, url: string): void
  /** Says that the servers are ready, at the addresses that count. @returns how each process has started, in their order */
  settle(urls: Urls): Promise<PromiseSettledResult<Process>[]>
}

/**
 * Starts processes while the broker still boots: they load their code meanwhile, and connect as soon as it answers. One that has
 * failed by then is started once more, for it may have waited too long, or for a broker that came up elsewhere.
 * @param onFailure hears of a process that will be started once more
 */
export function createEarlyStart<Name, Process>(
  names: readonly Name[],
  start: (name: Name, urls: Urls) => Promise<Process>,
  onFailure: (name: Name) => void,
): EarlyStart<Process> {
  const known: Partial<Urls> = {}
  const ready = Promise.withResolvers<Urls>()
  let started: Promise<PromiseSettledResult<Process>[]> | null = null

  const startOne = async (name: Name, early: Urls) => {
    try {
      return await start(name, early)
    } catch {
      onFailure(name)
      return await start(name, await ready.promise)
    }
  }
  const startAll = (urls: Urls) => Promise.allSettled(names.map(name => startOne(name, urls)))

  return {
    locate(server, url) {
      known[server] = url
      if (started === null && SERVER_NAMES.every(name => known[name] !== undefined)) started = startAll(known as Urls)
    },
    settle(urls) {
      ready.resolve(urls)
      started ??= startAll(urls)
      return started
    },
  }
}
