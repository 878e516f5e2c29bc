import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import type { ClientDoc, ConversationDoc } from '#shared/model/documents.ts'
import { percentile } from '#test/load/measure/figures.ts'
import { createSenderWorld } from '#test/load/sender-world.ts'
import type { Facts } from '../trial.ts'
import { addTemplate, csvOf, draftCampaign, type Rest, restOf, tokenOf, untilChecked } from './campaigns.ts'
import { openSending, type Post, type Sending } from './sending.ts'

const SECONDS = Number(process.env.TRIAL_SECONDS ?? 60)
const RATE = 80
const RECIPIENTS = Number(process.env.TRIAL_RECIPIENTS ?? 100_000)
/** More than one: a person may get 45 at once, then one in 6 s. */
const PEOPLE = 5
const TENANTS = 10
const EACH = 3000

/** A tenant's campaign beside another's replies; then ten tenants with the same campaign on one sender that cannot serve them all at once. */
export async function run(): Promise<Facts> {
  await using w = await openSending()
  const gateway = await w.startGateway()
  await w.startSender()
  await w.simulator.call(`wabas/${DEMO_TENANTS.demo.wabaId}`, { messagingTier: 'TIER_UNLIMITED' })
  await w.store.raw.clients.updateMany({}, { $set: { messagingLimit: null } })
  const campaign = restOf(gateway, await tokenOf(w.store, 'manager@whatsapp-saas.com'))
  const other = await createSenderWorld(w.store, w.queue, { numbers: 1, throughput: RATE, conversations: PEOPLE })
  await w.simulator.add(other.numbers)
  const replies = restOf(gateway, await tokenOf(w.store, (other.numbers[0] as ClientDoc).tenantId))
  const id = await draftCampaign(campaign, 'A', csvOf(RECIPIENTS))
  await untilChecked(campaign, id)
  await campaign('POST', `/campaigns/${id}/start`, {})
  while ((await w.simulator.posts(DEMO_TENANTS.demo.phoneNumberId)).length < RATE) await sleep(100)
  const from = Date.now()
  const accepted = await reply(other.conversations, replies)
  const posts = (await w.simulator.posts()).filter(({ at }) => at >= from && at < from + SECONDS * 1000)
  await campaign('POST', `/campaigns/${id}/cancel`, {})
  return { ...besideFacts(posts, accepted), ...(await shareFacts(w, gateway)) }
}

/** @returns when each was accepted, by its id */
async function reply(conversations: ConversationDoc[], rest: Rest): Promise<Map<string, number>> {
  const accepted = new Map<string, number>()
  const startedAt = Date.now()
  for (let i = 0; i < SECONDS; i++) {
    await sleep(startedAt + i * 1000 - Date.now())
    const conversationId = String((conversations[i % conversations.length] as ConversationDoc)._id)
    const { id } = await rest('POST', '/messages/send', { conversationId, text: `reply ${i}` })
    accepted.set(id, Date.now())
  }
  await sleep(2000)
  return accepted
}

function besideFacts(posts: Post[], accepted: Map<string, number>): Facts {
  const waits = posts.flatMap(({ messageId = '', at }) =>
    accepted.has(messageId) ? [at - (accepted.get(messageId) as number)] : [],
  )
  waits.sort((a, b) => a - b)
  const ofCampaign = posts.filter(({ phoneNumberId }) => phoneNumberId === DEMO_TENANTS.demo.phoneNumberId).length
  const share = ofCampaign / (RATE * SECONDS)
  const p99 = percentile(waits, 0.99)
  return {
    "B's replies that went out": [`${waits.length} of ${accepted.size}`, waits.length === accepted.size],
    "B's wait from accept to the call, p50, p99 in ms (≤ 500)": [`${percentile(waits, 0.5)}, ${p99}`, p99 <= 500],
    "A's posts of what its number may (≥ 95 %)": [
      `${ofCampaign} = ${(share * 100).toFixed(1)} %`,
      share >= 0.95 && share <= 1.01,
    ],
  }
}

async function shareFacts(w: Sending, gateway: Awaited<ReturnType<Sending['startGateway']>>): Promise<Facts> {
  const { numbers } = await createSenderWorld(w.store, w.queue, { tenants: TENANTS, numbers: 1, conversations: TENANTS })
  await w.simulator.add(numbers)
  const campaigns = []
  for (const number of numbers) {
    await addTemplate(w.store, w.simulator, number)
    const rest = restOf(gateway, await tokenOf(w.store, number.tenantId))
    const id = await draftCampaign(rest, 'one of ten', csvOf(EACH))
    await untilChecked(rest, id)
    campaigns.push({ rest, id })
  }
  const before = (await w.simulator.call('counts')).accepted
  const startedAt = Date.now()
  for (const { rest, id } of campaigns) await rest('POST', `/campaigns/${id}/start`, {})
  while ((await w.simulator.call('counts')).accepted < before + (TENANTS * EACH) / 2) await sleep(50)
  const half = Date.now()
  const posts = (await w.simulator.posts()).filter(({ at }) => at >= startedAt && at < half)
  const counts = numbers.map(({ phoneNumberId }) => posts.filter(post => post.phoneNumberId === phoneNumberId).length)
  const spread = (Math.max(...counts) - Math.min(...counts)) / (posts.length / TENANTS)
  return {
    'ten tenants: posts of each when half had gone out': [counts.join(' '), null],
    'ten tenants: most − least, of the mean (< 5 %)': [`${(spread * 100).toFixed(1)} %`, spread < 0.05],
    'ten tenants: posts a second together': [Math.round(posts.length / ((half - startedAt) / 1000)), null],
  }
}
