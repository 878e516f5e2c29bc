import { type AccessClaims, signAccessToken } from '#shared/auth/access-token.ts'
import { createRealtimeClient, type RealtimeClient } from '#shared/realtime-client/client.ts'
import { addToHash, START } from './hash.ts'
import type { ClientJob, ClientReport } from './types.ts'

/**
 * A process full of clients as a dashboard has them. Each keeps a running hash of the events it received, so that what
 * thousands of them received can be compared with what is stored.
 */
interface Listener {
  person: AccessClaims
  client: RealtimeClient
  last: number
  hash: number
  foreign: number
  disorder: number
}

const listeners: Listener[] = []

function listen({ url, jwtSecret }: ClientJob, person: AccessClaims): void {
  const listener: Listener = { person, last: 0, hash: START, foreign: 0, disorder: 0, client: null as never }
  listener.client = createRealtimeClient({
    url,
    token: () => signAccessToken(person, { secret: jwtSecret, ttlMs: 3_600_000 }),
    sinceSeq: 0,
    onEvent: (_name, event) => {
      if (event.tenantId !== person.tenantId) listener.foreign++
      if (event.seq !== listener.last + 1) listener.disorder++
      listener.last = event.seq
      listener.hash = addToHash(listener.hash, event.eventId)
    },
  })
  listeners.push(listener)
}

const report = (): ClientReport => ({
  live: listeners.filter(({ client }) => client.state === 'live').length,
  received: listeners.map(({ person, last, hash, foreign, disorder }) => ({
    tenantId: person.tenantId,
    last,
    hash,
    foreign,
    disorder,
  })),
})

process.on('message', async (job: ClientJob | 'report' | 'close') => {
  if (job === 'report') return void process.send?.(report())
  if (job === 'close') {
    for (const { client } of listeners) client.close()
    return process.exit(0)
  }
  for (const [i, person] of job.people.entries()) {
    listen(job, person)
    if (i % 50 === 49) await new Promise(resolve => setTimeout(resolve, 50))
  }
})
if (process.send) process.send({ port: 0 })
