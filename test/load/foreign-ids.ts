import { type Id, newId } from '#shared/model/ids.ts'
import type { Store } from '#shared/store/connect.ts'
import { startChild } from './child.ts'
import { openDemoBed } from './demo-bed.ts'
import { median, ratio } from './measure/figures.ts'
import { adminOf, tokenOf } from './users.ts'

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 200)
const WARM_UP = 20
/** Beyond this share the two medians count as different. */
const TOLERANCE = 0.1

/**
 * Whether the time of an answer tells that an id exists in another tenant: the medians for such an id and for one that nobody has, of
 * requests that alternate, so that whatever disturbs the machine disturbs both.
 */
export async function run(): Promise<void> {
  await using demo = await openDemoBed()
  const { bed, store } = demo
  const env = { ...bed.env, GATEWAY_PORT: '0', BASE_URL: 'https://linko.example', RATE_LIMIT_API: '1000000/min' }
  await using gateway = await startChild('services/gateway/main.ts', env)
  const [admin, stranger] = [await adminOf(store, 'demo'), await adminOf(store, 'other')]
  await giveTemplate(store, stranger.tenantId)
  const foreign = await idsOf(store, stranger.tenantId)
  const authorization = `Bearer ${tokenOf(admin)}`
  const ask = async (path: string): Promise<number> => {
    const from = performance.now()
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/v1${path}`, { headers: { authorization } })
    await answer.arrayBuffer()
    if (answer.status !== 404) throw new Error(`${path} answered ${answer.status}`)
    return performance.now() - from
  }
  console.log(`\nforeign ids: medians of ${REQUESTS} answers for an id of another tenant and for one that nobody has`)
  for (const [path, id] of Object.entries(foreign)) {
    const [theirs, nobodys]: [number[], number[]] = [[], []]
    for (let i = -WARM_UP; i < REQUESTS; i++) {
      const pair = [await ask(`${path}/${id}`), await ask(`${path}/${newId()}`)] as const
      if (i < 0) continue
      theirs.push(pair[0])
      nobodys.push(pair[1])
    }
    const [one, other] = [median(theirs), median(nobodys)]
    const what = `${path} ${one.toFixed(2)} ms, ${other.toFixed(2)} ms`
    ratio(what, one / other, `${1 - TOLERANCE} to ${1 + TOLERANCE}`, Math.abs(one / other - 1) <= TOLERANCE)
  }
}

/** The second tenant of the demo world has no template of its own. */
async function giveTemplate({ raw }: Store, tenantId: Id): Promise<void> {
  const template = await raw.templates.findOne({ tenantId: { $ne: tenantId } })
  if (template !== null) await raw.templates.insertOne({ ...template, _id: newId(), tenantId })
}

/** An id of each kind that the tenant has, by the path at which it is read. */
async function idsOf({ raw }: Store, tenantId: Id): Promise<Record<string, string>> {
  const found = {
    '/conversations': await raw.conversations.findOne({ tenantId }),
    '/messages/by-id': await raw.messages.findOne({ tenantId }),
    '/contacts': await raw.contacts.findOne({ tenantId }),
    '/templates': await raw.templates.findOne({ tenantId }),
    '/phone-numbers': await raw.clients.findOne({ tenantId }),
    '/users': await raw.users.findOne({ tenantId }),
    '/tenants': await raw.tenants.findOne({ _id: tenantId }),
  }
  return Object.fromEntries(Object.entries(found).flatMap(([path, row]) => (row === null ? [] : [[path, String(row._id)]])))
}
