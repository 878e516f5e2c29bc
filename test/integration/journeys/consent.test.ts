import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { untilTrue } from '#test/support/until.ts'
import { APP_SECRET } from '#test/support/worlds/ingest.ts'
import { openRoad, type Road } from '#test/support/worlds/road.ts'

/**
 * People who decide against messages that are under way: what a customer writes comes by the simulated Meta's webhook, what an
 * agent does by the API, and what went out is counted where it would arrive.
 */

const { phoneNumberId } = DEMO_TENANTS.demo
const OFFER = { templateName: 'job_opportunity', language: 'fr', variables: ['Salma', 'Comptable'] }
const HOUR_MS = 3_600_000
const stack = new AsyncDisposableStack()
let road: Road
let simulator: Simulator
let sender: AsyncDisposable | null = null
beforeAll(async () => {
  road = stack.use(await openRoad())
  simulator = stack.use(await createSimulator({ appSecret: APP_SECRET, webhookUrl: road.webhookUrl }))
  stack.defer(stopSender)
})
afterAll(() => stack.disposeAsync())

/** A busy machine makes no outcome unknown. */
async function startSender(): Promise<void> {
  sender = await road.startSender({ metaUrl: simulator.url, callTimeoutMs: 60_000, unknownDeadlineMs: 300_000 })
}

async function stopSender(): Promise<void> {
  await sender?.[Symbol.asyncDispose]()
  sender = null
}

async function call(method: string, path: string, body?: object) {
  const answer = await road.call(method, path, body, 'admin')
  expect([answer.status < 300, answer.body]).toEqual([true, answer.body])
  return answer.body
}

const numberPath = async () => {
  const number = await road.gateway.store.raw.clients.findOne({ tenantId: road.tenantId, phoneNumberId })
  return `/phone-numbers/${number?._id}`
}
const conversationOf = (waId: string) =>
  road.gateway.store.raw.conversations.findOne({ tenantId: road.tenantId, 'contact.waId': waId })
const contactOf = (waId: string) => road.gateway.store.raw.contacts.findOne({ tenantId: road.tenantId, waId })
const acceptedFor = (waId: string) => simulator.messages({ phoneNumberId, to: `+${waId}` }).data.length

let people = 212664000000
/** Somebody who has just written, so that their window is open here and at Meta. */
async function person(): Promise<string> {
  const waId = String(++people)
  simulator.inbound({ phoneNumberId, from: waId, message: 'Bonjour' })
  await untilTrue(async () => (await conversationOf(waId))?.windowExpiresAt != null)
  return waId
}

interface Sent {
  to: string
  id: string
}

const sendOffer = async (to: string, more: object = {}): Promise<Sent> => ({
  to,
  id: (await call('POST', '/messages/send-template', { to: `+${to}`, ...OFFER, ...more })).id,
})

/** Sends something to this many new people. */
async function toEach(count: number, send: (to: string) => Promise<Sent>): Promise<Sent[]> {
  const sent: Sent[] = []
  for (let i = 0; i < count; i++) sent.push(await send(await person()))
  return sent
}

const waitsFor = (reason: string) => (row: MessageDoc) => row.dispatch?.state === 'WAITING' && row.dispatch.reason === reason

/** Puts the next step of a message off. @returns whether it waits for this reason */
async function putOff({ id }: Sent, reason: 'retry' | 'rate'): Promise<boolean> {
  const { _id, tenantId } = await road.rowOf(id)
  const waiting = { _id, tenantId, 'dispatch.state': 'WAITING', 'dispatch.reason': reason } as const
  const later = { $set: { 'dispatch.nextStepAt': new Date(Date.now() + HOUR_MS) } }
  return (await road.gateway.store.raw.messages.updateOne(waiting, later)).modifiedCount === 1
}

/** Lets the next step of rows come that wait for a time. */
async function timeComes(sent: Sent[]): Promise<void> {
  for (const { id } of sent) {
    const { _id, tenantId, sendAt } = await road.rowOf(id)
    const due = { 'dispatch.nextStepAt': new Date(), ...(sendAt && { sendAt: new Date() }) }
    await road.gateway.store.raw.messages.updateOne({ _id, tenantId, dispatch: { $ne: null } }, { $set: due })
  }
}

/** More than one minute's message and a burst: at least three of them wait for the rate. */
const MANY = 6

/** Those of the messages that an account's limit of one in a minute keeps back. */
async function keptBack(sent: Sent[]): Promise<Sent[]> {
  const kept = new Set<Sent>()
  await untilTrue(async () => {
    for (const one of sent) if (await putOff(one, 'rate')) kept.add(one)
    return kept.size >= 3
  })
  return [...kept].slice(0, 3)
}

/** A sender remembers limits for seconds: another one knows the new ones at once. */
async function liftRate(sent: Sent[]): Promise<void> {
  await stopSender()
  await call('PUT', '/limits', { messagesPerMinute: null })
  await timeComes(sent)
  await startSender()
}

/** A campaign to these people. @returns their messages once it has released them */
async function campaignTo(recipients: string[]): Promise<Sent[]> {
  const { id } = await call('POST', '/campaigns', {
    name: 'Offers',
    templateName: OFFER.templateName,
    language: OFFER.language,
    recipients: recipients.map(waId => ({ to: `+${waId}`, variables: { candidateName: 'Salma', jobTitle: 'Comptable' } })),
  })
  await untilTrue(async () => (await call('GET', `/campaigns/${id}`)).audience.state === 'READY')
  await call('POST', `/campaigns/${id}/start`, {})
  const campaignId = toId(id)
  const released = () => road.gateway.store.raw.messages.find({ tenantId: road.tenantId, campaignId }).toArray()
  await untilTrue(async () => (await released()).length === recipients.length)
  return (await released()).map(({ _id, contactKey }) => ({ to: contactKey, id: String(_id) }))
}

interface Standing {
  /** Sends to three people so that the messages are under way and stay so. */
  hold(): Promise<Sent[]>
  /** Whether a message stands where it should when somebody decides against it. */
  isHeld(row: MessageDoc): boolean
  release(sent: Sent[]): Promise<void>
  /** The customer says so in WhatsApp; false: the business notes it. */
  optsOutByMessage: boolean
}

const STANDINGS: Record<string, Standing> = {
  queued: {
    hold: () => toEach(3, sendOffer),
    isHeld: ({ dispatch }) => dispatch?.state === 'READY',
    release: startSender,
    optsOutByMessage: true,
  },
  'waiting for the rate': {
    async hold() {
      const sent = await toEach(MANY, sendOffer)
      await call('PUT', '/limits', { messagesPerMinute: 1 })
      await startSender()
      return await keptBack(sent)
    },
    isHeld: waitsFor('rate'),
    release: liftRate,
    optsOutByMessage: true,
  },
  'waiting behind a pause': {
    async hold() {
      await call('POST', `${await numberPath()}/pause`, {})
      await startSender()
      return await toEach(3, sendOffer)
    },
    isHeld: waitsFor('paused'),
    async release() {
      await call('POST', `${await numberPath()}/resume`, { force: true })
    },
    optsOutByMessage: true,
  },
  scheduled: {
    async hold() {
      await startSender()
      const sendAt = new Date(Date.now() + HOUR_MS).toISOString()
      return await toEach(3, to => sendOffer(to, { sendAt }))
    },
    isHeld: waitsFor('scheduled'),
    release: timeComes,
    optsOutByMessage: true,
  },
  'waiting for a retry': {
    async hold() {
      simulator.faults([{ match: { path: '/messages' }, times: null, effect: { code: 131016 } }])
      await startSender()
      const sent = await toEach(3, sendOffer)
      for (const one of sent) await untilTrue(() => putOff(one, 'retry'))
      return sent
    },
    isHeld: waitsFor('retry'),
    async release(sent) {
      simulator.faults([])
      await timeComes(sent)
    },
    optsOutByMessage: true,
  },
  'a text whose window closes, so that its fallback template goes': {
    hold: () =>
      toEach(3, async to => {
        const { id } = await call('POST', '/messages/send', { to: `+${to}`, text: 'Bonjour', fallback: OFFER })
        simulator.window({ phoneNumberId, from: to, open: false })
        await road.setWindow(to, null)
        return { to, id }
      }),
    isHeld: ({ dispatch, type }) => dispatch?.state === 'READY' && type === 'text',
    release: startSender,
    // A message would open the window again, and a text may answer it.
    optsOutByMessage: false,
  },
  'released by a campaign and not sent': {
    async hold() {
      const people: string[] = []
      while (people.length < MANY) people.push(await person())
      await call('PUT', '/limits', { messagesPerMinute: 1 })
      await startSender()
      return await keptBack(await campaignTo(people))
    },
    isHeld: row => waitsFor('rate')(row) && row.campaignId !== null,
    release: liftRate,
    optsOutByMessage: true,
  },
}

async function optOut(waId: string, isByMessage: boolean): Promise<void> {
  const contact = await contactOf(waId)
  if (isByMessage) simulator.inbound({ phoneNumberId, from: waId, message: 'STOP' })
  else await call('PATCH', `/contacts/${contact?._id}`, { optOut: true })
  await untilTrue(async () => (await contactOf(waId))?.optOut === true)
}

const block = async (waId: string) => await call('POST', `/contacts/${(await contactOf(waId))?._id}/block`)

const isOver = ({ dispatch }: MessageDoc) => dispatch === null
const triesOf = ({ timeline }: MessageDoc) => timeline.filter(({ kind }) => kind === 'attempt').length

test.for(Object.entries(STANDINGS))(
  '[MS-15] %s: nothing goes to who opts out or is blocked meanwhile, counted at the simulated Meta',
  { timeout: 240_000 },
  async ([, standing]) => {
    const sent = await standing.hold()
    for (const { id } of sent) await road.until(id, standing.isHeld)
    const [optsOut, blocked, other] = sent.map(({ to }) => to) as [string, string, string]
    expect(sent.map(({ to }) => acceptedFor(to))).toEqual([0, 0, 0])
    await optOut(optsOut, standing.optsOutByMessage)
    await block(blocked)
    const before = await Promise.all(sent.slice(0, 2).map(({ id }) => road.rowOf(id)))
    await standing.release(sent)
    const rows: MessageDoc[] = []
    for (const { id } of sent) rows.push(await road.until(id, isOver))
    expect(rows.slice(0, 2).map(({ status, error }) => [status, error?.source, error?.title])).toEqual([
      ['FAILED', 'platform', 'Opted out of marketing'],
      ['FAILED', 'platform', 'Contact blocked'],
    ])
    expect(rows[2]).toMatchObject({ type: 'template', error: null })
    expect([optsOut, blocked, other].map(acceptedFor)).toEqual([0, 0, 1])
    // Of a message that was tried before, no call followed the decision either.
    expect(rows.slice(0, 2).map(triesOf)).toEqual(before.map(triesOf))
    await stopSender()
  },
)
