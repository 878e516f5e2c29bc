import { type AddressInfo, connect, createServer } from 'node:net'
import { createRealtimeClient } from '#shared/realtime-client/client.ts'
import type { Person } from './world.ts'

/** Users who look on, one of each tenant; each stays connected to a realtime node that is alive. */
export interface Viewers extends AsyncDisposable {
  /** The ids of the events that each was given, in their order, by tenant. */
  seen: Map<string, string[]>
}

/** @param url of a realtime node that is alive */
export async function startViewers(people: Person[], url: () => Promise<string>): Promise<Viewers> {
  await using stack = new AsyncDisposableStack()
  const door = stack.use(await openDoor(url))
  const seen = new Map<string, string[]>()
  for (const { tenantId, token } of new Map(people.map(person => [String(person.tenantId), person])).values()) {
    const own: string[] = []
    seen.set(String(tenantId), own)
    const onEvent = (_name: string, event: { eventId: string }) => void own.push(event.eventId)
    const client = createRealtimeClient({ url: door.url, token: () => token, sinceSeq: 0, onEvent })
    stack.defer(() => client.close())
  }
  const opened = stack.move()
  return { seen, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** One address for all nodes, as a load balancer has it. */
async function openDoor(url: () => Promise<string>): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(client => {
    client.on('error', () => undefined)
    void url().then(target => {
      const upstream = connect(Number(new URL(target).port), '127.0.0.1')
      upstream.on('error', () => client.destroy())
      upstream.on('close', () => client.destroy())
      client.on('close', () => upstream.destroy())
      client.pipe(upstream).pipe(client)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise(resolve => server.close(resolve))
    },
  }
}
