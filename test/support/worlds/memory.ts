import { Types } from 'mongoose'
import { type Folded, type FoldItem, foldBatch } from '#shared/fold/batch.ts'
import { keysOf } from '#shared/fold/batch-keys.ts'
import type { FoldContext } from '#shared/fold/context.ts'
import { isPlain, splitPlain } from '#shared/fold/plain.ts'
import { parseWebhook } from '#shared/meta/webhook.ts'
import type { BatchKeys, Changes, Loaded } from '#shared/model/batch-plan.ts'
import type { ClientDoc, Id, MessageDoc, PipelineDoc, TenantDoc } from '#shared/model/documents.ts'
import { newMessage } from '#shared/model/new-rows.ts'
import { recipientsOf } from '#shared/store/recording/load-recipients.ts'

const id = (n: number) => new Types.ObjectId(n.toString(16).padStart(24, '0'))
export const TENANT_ID = id(1)
export const CLIENT_ID = id(2)
export const PHONE_NUMBER_ID = '1054543651068213'

/** An outbound text that nothing changes now, in a conversation of its own. */
export function outbound(at: Date, fields: Partial<MessageDoc>): MessageDoc {
  const client = { _id: CLIENT_ID, tenantId: TENANT_ID, phoneNumberId: PHONE_NUMBER_ID }
  const conversation = { _id: new Types.ObjectId(), leadId: null }
  const contact = { _id: new Types.ObjectId(), waId: null, userId: null }
  const content = { text: 'hello', media: null, template: null, data: null }
  const message = newMessage({ client, conversation, contact }, { type: 'text', content }, at)
  return { ...message, direction: 'OUTBOUND', status: 'QUEUED', ...fields }
}

type Stored = Omit<Loaded, 'known' | 'isThorough'> & Pick<Folded['plan'], 'events' | 'parked'>

/** A database in memory that answers what a batch asks and takes what it plans: properties are tried on it by the thousand. */
export function createMemoryWorld(messages: MessageDoc[] = []) {
  const known = new Map<string, Loaded['known'][number]>()
  const rows: Stored = {
    contacts: [],
    conversations: [],
    messages: [...messages],
    parked: [],
    leads: [],
    templates: [],
    events: [],
  }
  let counter = 1000
  const context: FoldContext = {
    clients: new Map([[PHONE_NUMBER_ID, { _id: CLIENT_ID, tenantId: TENANT_ID, phoneNumberId: PHONE_NUMBER_ID } as ClientDoc]]),
    accounts: new Map(),
    tenants: new Map([
      [String(TENANT_ID), { settings: { leadsEnabled: true, currency: 'MAD', prices: [] as object[] } } as TenantDoc],
    ]),
    pipelines: new Map([[String(TENANT_ID), { _id: id(3), stages: [{ _id: id(4), name: 'New', order: 0 }] } as PipelineDoc]]),
    now: new Date('2026-11-20T12:00:00Z'),
    newId: () => id(++counter),
  }

  function load(keys: BatchKeys, isThorough: boolean): Loaded {
    const ids = new Set(keys.messageIds.map(String))
    // What should not be here yet is found as well: a database refuses its second copy, and is asked again.
    const wamids = new Set([...keys.wamids, ...keys.newWamids])
    const named = rows.messages.filter(({ _id, wamid }) => ids.has(String(_id)) || (wamid !== null && wamids.has(wamid)))
    const found = [...new Set([...named, ...(isThorough ? leftBehind() : [])])]
    const conversations = rows.conversations.filter(({ _id }) => found.some(message => message.conversationId.equals(_id)))
    const recipients = recipientsOf(keys, { messages: found, conversations: conversations })
    const [waIds, userIds] = [
      [...keys.waIds, ...recipients.waIds],
      [...keys.userIds, ...recipients.userIds],
    ]
    const contacts = rows.contacts.filter(
      ({ _id, waId, userId, otherUserIds, groupId }) =>
        (waId !== null && waIds.includes(waId)) ||
        (userId !== null && userIds.includes(userId)) ||
        otherUserIds?.some(other => userIds.includes(other.userId)) ||
        (groupId != null && keys.groupIds.includes(groupId)) ||
        recipients.contactIds.some(contactId => contactId.equals(_id)),
    )
    const isOurs = ({ _id, contactId, deletedAt }: Stored['conversations'][number]) =>
      (!deletedAt && contacts.some(contact => contact._id.equals(contactId))) ||
      found.some(({ conversationId }) => conversationId.equals(_id))
    return {
      isThorough,
      known: keys.eventIds.flatMap(eventId => known.get(eventId) ?? []),
      contacts: contacts.map(copy),
      messages: found.map(copy),
      conversations: rows.conversations.filter(isOurs).map(copy),
      leads: rows.leads,
      templates: [],
    }
  }

  /** Messages that are stored and not counted yet. */
  function leftBehind(): MessageDoc[] {
    const counts = new Map(rows.conversations.map(({ _id, messageCount }) => [String(_id), messageCount]))
    return rows.messages.filter(({ seq, conversationId }) => (seq ?? 0) > (counts.get(String(conversationId)) ?? Infinity))
  }

  function apply({ plan }: Folded): void {
    for (const row of [...plan.webhookEvents.inserts, ...plan.webhookEvents.replaced]) known.set(row._id, row)
    rows.contacts = changed(rows.contacts, plan.contacts)
    rows.conversations = changed(rows.conversations, plan.conversations)
    rows.messages = changed(rows.messages, plan.messages)
    rows.leads.push(...plan.leads)
    for (const move of plan.moves)
      for (const { from, to, offset } of move.conversations)
        for (const message of rows.messages)
          if (message.conversationId.equals(from))
            Object.assign(message, {
              conversationId: to,
              contactId: move.toContactId,
              ...(message.seq !== undefined && { seq: message.seq + offset }),
            })
    rows.parked = [...rows.parked, ...plan.parked].filter(row => !plan.unparked.includes(row._id))
    const emitted = new Set(rows.events.map(({ _id }) => _id))
    rows.events.push(...plan.events.filter(({ _id }) => !emitted.has(_id)))
    for (const { _id, unprojectedSince } of plan.projected) {
      const row = rows.messages.find(message => message._id.equals(_id))
      if (row?.unprojectedSince !== unprojectedSince) continue
      delete row?.unprojectedSince
    }
  }

  function recordOnce(items: readonly FoldItem[]): Folded {
    const keys = keysOf(items, context)
    const first = foldBatch(items, load(keys, false), context)
    const folded = first.needsThorough ? foldBatch(items, load(keys, true), context) : first
    apply(folded)
    return folded
  }

  /**
   * Records the plain items of a batch like the recorder, and dies after so many steps: 1 message and contact rows, 2
   * conversations, 3 events. The webhook events, which say that the items are recorded, are never written.
   */
  function interrupt(items: readonly FoldItem[], steps: number): void {
    const keys = keysOf(items, context)
    const fold = (isThorough: boolean) =>
      foldBatch(splitPlain(items, load(keys, isThorough), context).plain, load(keys, isThorough), context)
    const first = fold(false)
    const { plan } = first.needsThorough ? fold(true) : first
    if (!isPlain(plan)) return
    const none = { inserts: [], updates: [] }
    const done = { ...plan, webhookEvents: { inserts: [], replaced: [] }, projected: [] }
    const conversations = steps > 1 ? plan.conversations : none
    const written = steps > 2 ? { events: plan.events, parked: plan.parked, unparked: plan.unparked } : NOTHING_MORE
    apply({ ...first, plan: { ...done, conversations, ...written } })
  }

  return {
    rows,
    context,
    interrupt,
    record(items: readonly FoldItem[]): Folded {
      const folded = recordOnce(items)
      // As the recorder does after its transaction.
      const here = new Set(rows.messages.map(({ wamid }) => wamid))
      const matched = rows.parked.filter(({ wamid }) => here.has(wamid)).toSorted((a, b) => a.at.getTime() - b.at.getTime())
      if (matched.length > 0) recordOnce(matched.flatMap(row => parseWebhook(row.payload, row.createdAt)))
      return folded
    },
  }
}

const NOTHING_MORE = { events: [], parked: [], unparked: [] }

function copy<T extends object>(row: T): T {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value])) as T
}

function changed<T extends { _id: Id }>(rows: T[], { inserts, updates }: Changes<T>): T[] {
  const byId = new Map(updates.map(update => [String(update._id), update]))
  const updated = rows.map(row => {
    const update = byId.get(String(row._id))
    if (update === undefined) return row
    const timeline = 'timeline' in row ? { timeline: [...(row.timeline as object[]), ...(update.entries ?? [])] } : {}
    const { isUncounted: _, ...rest } = row as T & { isUncounted?: boolean }
    const kept = 'seq' in update.set ? (rest as T) : row
    return { ...kept, ...update.set, ...timeline }
  })
  return [...updated, ...inserts]
}
