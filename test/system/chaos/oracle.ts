import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { request } from 'undici'
import { parseCallbackData } from '#shared/domain/messages/callback-data.ts'
import { type Addresses, type Ledger, TRAFFIC_CONTACT } from './traffic.ts'

/** What a run left behind, counted; every member but the totals must be 0. */
export interface Verdict {
  inbound: number
  accepted: number
  /** Inbound messages that Meta got 200 for and that are not stored. */
  lostInbound: number
  storedTwice: number
  /** Messages answered 202 that neither reached Meta nor failed with a reason. */
  lostOutbound: number
  /** Messages of which Meta accepted more than one post. */
  sentTwice: number
  /** Messages answered 202 under two ids for one text. */
  acceptedTwice: number
  /** Posts that no accepted message explains. */
  strangers: number
  /** FAILED since the outcome stayed unknown although Meta accepted the post. */
  wronglyFailed: number
  /** FAILED(platform) and Meta never saw them: honest, but counted. */
  failedUnsent: number
  countersOff: number
  deadLetters: number
  unsettled: number
}

export const isClean = (verdict: Verdict): boolean => {
  const { inbound: _inbound, accepted: _accepted, failedUnsent: _failed, ...faults } = verdict
  return Object.values(faults).every(count => count === 0)
}

interface Posted {
  id: string
  body: { biz_opaque_callback_data?: string; type?: string }
}

type Db = mongoose.mongo.Db

/** Compares the simulator's log and the callers' ledger with what is stored. */
export class Oracle implements AsyncDisposable {
  readonly #client: mongoose.mongo.MongoClient
  readonly #db: Db
  readonly #addresses: Addresses

  constructor(mongodbUri: string, addresses: Addresses) {
    this.#client = new mongoose.mongo.MongoClient(mongodbUri, { serverSelectionTimeoutMS: 5000 })
    this.#db = this.#client.db()
    this.#addresses = addresses
  }

  /** Waits until nothing is on its way any more; the answer is how many items still are when the time is over. */
  async settle(timeoutMs: number, expected: { wamids: string[] }): Promise<number> {
    const until = Date.now() + timeoutMs
    for (;;) {
      const open = await this.#open(expected.wamids).catch(() => Number.NaN)
      if (open === 0 || Date.now() > until) return open
      await sleep(500)
    }
  }

  async #open(wamids: string[]): Promise<number> {
    const [dispatching, unshown, outbox, stored] = await Promise.all([
      this.#db.collection('messages').countDocuments({ 'dispatch.state': { $exists: true } }),
      // What the conversation does not count or show yet: where the broker lost the word of it, a sweep finds it.
      this.#db.collection('messages').countDocuments({ $or: [{ isUncounted: true }, { unprojectedSince: { $ne: null } }] }),
      this.#db.collection('events').countDocuments({ seq: { $exists: false } }),
      this.#db.collection('messages').countDocuments({ direction: 'INBOUND', 'content.text': /^in / }),
    ])
    return dispatching + unshown + outbox + Math.max(0, new Set(wamids).size - stored) + (await this.pendingWebhooks())
  }

  /** Deliveries that the simulator still repeats. */
  async pendingWebhooks(): Promise<number> {
    const { body } = await request(`${this.#addresses.simulator}/_sim/webhooks?state=pending&limit=1`)
    const answer = (await body.json()) as { data: unknown[]; pending?: number }
    return answer.pending ?? answer.data.length
  }

  async verdict(ledger: Ledger, unsettled: number): Promise<Verdict> {
    const messages = this.#db.collection('messages')
    const inboundIds = ledger.inbound.map(item => item.wamid)
    const stored = await messages
      .find({ direction: 'INBOUND', 'content.text': /^in / }, { projection: { wamid: 1 } })
      .map(doc => String(doc.wamid))
      .toArray()
    const outbound = await messages
      .find({ direction: 'OUTBOUND', 'content.text': /^out / }, { projection: { status: 1, error: 1, 'content.text': 1 } })
      .map(doc => ({
        id: String(doc._id),
        status: String(doc.status),
        text: String(doc.content?.text),
        source: doc.error?.source as string | undefined,
      }))
      .toArray()
    const posts = await this.#posts()
    const storedSet = new Set(stored)
    const byId = new Map(outbound.map(message => [message.id, message]))
    const reached = (id: string) => (posts.get(id) ?? 0) > 0
    const accepted = ledger.accepted.map(item => ({ ...item, row: byId.get(item.messageId) }))
    const knownIds = new Set(outbound.map(message => message.id))
    return {
      inbound: inboundIds.length,
      accepted: accepted.length,
      lostInbound: inboundIds.filter(id => !storedSet.has(id)).length,
      storedTwice: stored.length - storedSet.size,
      lostOutbound: accepted.filter(({ row, messageId }) => !reached(messageId) && row?.status !== 'FAILED').length,
      sentTwice: [...posts.values()].filter(count => count > 1).length,
      acceptedTwice: outbound.length - new Set(outbound.map(message => message.text)).size,
      strangers: [...posts.keys()].filter(id => !knownIds.has(id)).length,
      wronglyFailed: outbound.filter(({ id, status, source }) => status === 'FAILED' && source === 'platform' && reached(id))
        .length,
      failedUnsent: outbound.filter(({ id, status }) => status === 'FAILED' && !reached(id)).length,
      countersOff: await this.#countersOff(),
      deadLetters: await this.#db.collection('deadLetters').countDocuments(),
      unsettled: Number.isNaN(unsettled) ? -1 : unsettled,
    }
  }

  /** Messages that Meta has accepted so far. */
  async sentSoFar(): Promise<number> {
    return (await this.#posts()).size
  }

  /** Posts that the simulator accepted, by our message id. */
  async #posts(): Promise<Map<string, number>> {
    const { body } = await request(`${this.#addresses.simulator}/_sim/messages?limit=1000000`)
    const { data } = (await body.json()) as { data: Posted[] }
    const counts = new Map<string, number>()
    for (const post of data) {
      const id = parseCallbackData(post.body.biz_opaque_callback_data)?.messageId
      if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return counts
  }

  /** Conversations whose counters differ from their messages (nobody reads during a run, so unread = inbound). */
  async #countersOff(): Promise<number> {
    const counted = await this.#db
      .collection('messages')
      .aggregate<{ _id: mongoose.mongo.ObjectId; all: number; inbound: number }>([
        {
          $group: {
            _id: '$conversationId',
            all: { $sum: 1 },
            inbound: { $sum: { $cond: [{ $eq: ['$direction', 'INBOUND'] }, 1, 0] } },
          },
        },
      ])
      .toArray()
    const ours = await this.#db.collection('conversations').find({ 'contact.waId': TRAFFIC_CONTACT }).toArray()
    const counts = new Map(counted.map(count => [String(count._id), count]))
    return ours.filter(row => {
      const { all, inbound } = counts.get(String(row._id)) ?? { all: 0, inbound: 0 }
      return row.messageCount !== all || row.unreadCount !== inbound
    }).length
  }

  async [Symbol.asyncDispose]() {
    await this.#client.close()
  }
}
