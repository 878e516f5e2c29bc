import type { ConversationDoc, EventDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Meta } from './meta.ts'
import type { Ledger } from './traffic.ts'
import type { Viewers } from './viewers.ts'
import type { World } from './world.ts'

/** Violations by what they violate, each with a word about it; a rule that held has none. */
export type Violations = Record<string, string[]>

/** What those outside have seen. */
export interface Seen {
  world: World
  ledger: Ledger
  meta: Meta
  viewers: Viewers
}

interface Rows {
  messages: MessageDoc[]
  conversations: ConversationDoc[]
  /** By tenant, and by their seq. */
  events: EventDoc[]
}

/** Compares what was promised, what Meta got and what viewers were told with what is stored. */
export async function check(outside: Seen): Promise<Violations> {
  const { raw } = outside.world.store
  const messages = await raw.messages.find({}).toArray()
  const conversations = await raw.conversations.find({}).toArray()
  const events = await raw.events.find({}).sort({ tenantId: 1, seq: 1 }).toArray()
  const dead = await raw.deadLetters.find({}).toArray()
  const seen = { ...outside, messages, conversations, events }
  const { ledger } = outside
  return {
    'every request is answered as expected': ledger.refused,
    'a customer has one conversation': doubles(conversations.map(({ clientId, contactId }) => `${clientId} ${contactId}`)),
    'each message of a customer is stored once': inboundOnce(seen),
    'each accepted send is stored once': acceptedOnce(seen),
    'a send is posted once, or told as of unknown outcome': postedOnce(seen),
    'posts of a conversation are in order': postsInOrder(seen),
    'numbers are 1 to n, and n is the count': conversations.flatMap(one => numbered(one, ofConversation(messages, one))),
    'unread are the messages that are RECEIVED': conversations.flatMap(one => unread(one, ofConversation(messages, one))),
    'the last message is the newest as it is': conversations.flatMap(one => lastShown(one, ofConversation(messages, one))),
    'no row keeps a mark': messages.flatMap(row => (row.unprojectedSince || row.isUncounted ? String(row._id) : [])),
    'message:received once for each': receivedOnce(seen),
    'message:received in the order of the customer': receivedInOrder(seen),
    'message:sent and message:status once for each': statusesOnce(seen),
    'the last conversation:updated shows it as it is': conversations.flatMap(one => lastTold(one, events)),
    'the seqs of a tenant are 1 to n': countedUp(events),
    'viewers were given every event once, in its order': toldInOrder(seen),
    'no dead letter': dead.map(({ queue, reason }) => `${queue}: ${reason}`),
  }
}

const doubles = (keys: string[]) => keys.filter((key, i) => keys.indexOf(key) !== i)
const missing = (wanted: string[], there: string[]) => {
  const known = new Set(there)
  return wanted.filter(key => !known.has(key)).map(key => `missing ${key}`)
}

const ofConversation = (messages: MessageDoc[], { _id }: ConversationDoc) =>
  messages.filter(({ conversationId }) => conversationId.equals(_id))

function inboundOnce({ messages, ledger }: Seen & Rows): string[] {
  const stored = messages.flatMap(({ direction, wamid }) => (direction === 'INBOUND' ? (wamid ?? 'none') : []))
  return [...doubles(stored), ...missing([...ledger.received.values()].flat(), stored)]
}

const outbound = (messages: MessageDoc[]) => messages.filter(({ direction }) => direction === 'OUTBOUND')
const textOf = ({ content }: MessageDoc) => content.text ?? ''

function acceptedOnce({ messages, ledger }: Seen & Rows): string[] {
  const stored = outbound(messages).map(textOf)
  return [...doubles(stored), ...missing([...ledger.accepted.values()].flat(), stored)]
}

function postedOnce({ messages, meta }: Seen & Rows): string[] {
  const posts = Map.groupBy(meta.posts, ({ messageId }) => messageId)
  return outbound(messages).flatMap(row => {
    const count = posts.get(String(row._id))?.length ?? 0
    const isTold = row.status === 'FAILED' && row.timeline.some(({ outcome }) => outcome === 'unknown')
    const isGood = count === 1 ? row.status === 'READ' : count === 0 && isTold
    return isGood ? [] : `${textOf(row)}: ${count} posts, ${row.status}`
  })
}

/** Users wait for the answer to each send before the next, so the texts of a conversation count up. */
function postsInOrder({ meta }: Seen & Rows): string[] {
  const ofPeople = Map.groupBy(meta.posts, ({ to }) => to)
  return [...ofPeople.values()].flatMap(posts => countedDown(posts.map(({ text }) => text)))
}

function numbered(conversation: ConversationDoc, rows: MessageDoc[]): string[] {
  const numbers = rows.map(({ seq }) => seq ?? 0).toSorted((a, b) => a - b)
  const isGood = conversation.messageCount === rows.length && numbers.every((seq, i) => seq === i + 1)
  return isGood ? [] : [`${conversation._id}: ${conversation.messageCount} counted, ${numbers.join()}`]
}

function unread(conversation: ConversationDoc, rows: MessageDoc[]): string[] {
  const received = rows.filter(({ direction, status }) => direction === 'INBOUND' && status === 'RECEIVED').length
  return conversation.unreadCount === received ? [] : [`${conversation._id}: ${conversation.unreadCount}, not ${received}`]
}

/** Of the same second, the greater id is newer. */
function lastShown({ _id, lastMessage }: ConversationDoc, rows: MessageDoc[]): string[] {
  const key = (row: MessageDoc) => `${row.at.toISOString()} ${row._id}`
  const newest = rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)).at(-1)
  if (newest === undefined && lastMessage === null) return []
  const isGood = newest !== undefined && lastMessage?.messageId.equals(newest._id) && lastMessage.status === newest.status
  return isGood ? [] : [`${_id}: shows ${lastMessage?.messageId} ${lastMessage?.status}, not ${newest?._id} ${newest?.status}`]
}

interface About {
  id: string
  wamid?: string | null
  text?: string | null
}

const named = (events: EventDoc[], name: string) => events.filter(event => event.name === name)
const about = ({ payload }: EventDoc) => payload.message as About

function receivedOnce({ messages, events }: Rows): string[] {
  const announced = named(events, 'message:received').map(event => about(event).id)
  const stored = messages.flatMap(({ direction, _id }) => (direction === 'INBOUND' ? String(_id) : []))
  return [...doubles(announced), ...missing(stored, announced), ...missing(announced, stored)]
}

function receivedInOrder({ events }: Rows): string[] {
  const ofConversations = Map.groupBy(named(events, 'message:received'), ({ conversationId }) => String(conversationId))
  return [...ofConversations.values()].flatMap(those => countedDown(those.map(event => about(event).text ?? '')))
}

/** Texts end in numbers, `n12` or `n12i1`. */
function countedDown(texts: string[]): string[] {
  const place = (text: string) => {
    const [, n, i] = /n(\d+)(?:i(\d+))?$/.exec(text) ?? []
    return Number(n) * 10 + Number(i ?? 0)
  }
  return texts.flatMap((text, i) => (i > 0 && place(text) < place(texts[i - 1] as string) ? `${text} after ${texts[i - 1]}` : []))
}

/** A message is told to be sent at most once, and each of Meta's three reports at most once. */
function statusesOnce({ messages, events }: Rows): string[] {
  const sent = named(events, 'message:sent').map(event => String(event.payload.messageId))
  const statuses = Map.groupBy(named(events, 'message:status'), ({ payload }) => String(payload.messageId))
  const wrong = outbound(messages).flatMap(({ _id, status }) => {
    const told = (statuses.get(String(_id)) ?? []).map(event => String(event.payload.status))
    const isGood = status !== 'READ' || (told.includes('read') && told.filter(one => one !== 'failed').length <= 3)
    return isGood ? [] : `${_id}: ${told.join()}`
  })
  return [...doubles(sent), ...wrong]
}

/** Whoever follows the events sees the conversation as it is. */
function lastTold({ _id, unreadCount, messageCount, lastMessage }: ConversationDoc, events: EventDoc[]): string[] {
  const last = events.findLast(({ name, conversationId }) => name === 'conversation:updated' && conversationId?.equals(_id))
  const told = last?.payload.conversation as ConversationDoc | undefined
  const shown = (one?: Pick<ConversationDoc, 'unreadCount' | 'messageCount' | 'lastMessage'>) =>
    `${one?.unreadCount} of ${one?.messageCount}, ${one?.lastMessage?.text} ${one?.lastMessage?.status}`
  const is = shown({ unreadCount, messageCount, lastMessage })
  return last === undefined || shown(told) === is ? [] : [`${_id}: told ${shown(told)} by ${last._id}, is ${is}`]
}

/** A gap would reset every client that replays over it. */
function countedUp(events: EventDoc[]): string[] {
  const ofTenants = Map.groupBy(events, ({ tenantId }) => String(tenantId))
  return [...ofTenants].flatMap(([tenantId, rows]) => {
    const seqs = rows.map(({ seq }) => seq ?? 0).toSorted((a, b) => a - b)
    const at = seqs.findIndex((seq, i) => seq !== i + 1)
    return at === -1 ? [] : [`${tenantId}: ${seqs[at]} in place ${at + 1}`]
  })
}

function toldInOrder({ events, viewers }: Seen & Rows): string[] {
  const ofTenants = Map.groupBy(events, ({ tenantId }) => String(tenantId))
  return [...viewers.seen].flatMap(([tenantId, told]) => {
    const ids = (ofTenants.get(tenantId) ?? []).map(({ _id }) => _id)
    const at = ids.findIndex((id, i) => told[i] !== id)
    return at === -1 && told.length === ids.length ? [] : [`${tenantId}: ${told.length} of ${ids.length}, differ at ${at}`]
  })
}
