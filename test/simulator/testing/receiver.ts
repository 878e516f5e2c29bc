import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Json } from '#deploy/simulator/world/world.ts'

export interface Received {
  raw: string
  signature: string | undefined
  at: number
  /** The `value` of each change. */
  values: Json[]
}

export type Receiver = Awaited<ReturnType<typeof createReceiver>>

/** A webhook receiver that keeps every body. @param answer status of the n-th POST, from 1; null resets the connection */
export async function createReceiver(answer: (turn: number) => number | null = () => 200) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8')
      const header = request.headers['x-hub-signature-256']
      received.push({ raw, signature: header?.toString(), at: Date.now(), values: valuesOf(raw) })
      const status = answer(received.length)
      if (status === null) response.destroy()
      else response.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/webhook`,
    received,
    /** Statuses in order of arrival. */
    statuses: () => received.flatMap(({ values }) => values).flatMap(({ statuses }) => (statuses as Json[] | undefined) ?? []),
    messages: () => received.flatMap(({ values }) => values).flatMap(({ messages }) => (messages as Json[] | undefined) ?? []),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function valuesOf(raw: string): Json[] {
  try {
    const { entry } = JSON.parse(raw) as { entry: { changes: { value: Json }[] }[] }
    return entry.flatMap(({ changes }) => changes.map(({ value }) => value))
  } catch {
    return []
  }
}
