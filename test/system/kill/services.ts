export const SERVICES = ['gateway', 'ingest', 'sender', 'realtime'] as const
export type Service = (typeof SERVICES)[number]

/** The services, to which something happens meanwhile. */
export interface Faulty extends AsyncDisposable {
  /** The address of a process of the service that is alive; each in turn. */
  url(service: Service): Promise<string>
  /** Resolves when nothing happens any more and all processes are up. @throws when one does not start */
  ended: Promise<void>
}
