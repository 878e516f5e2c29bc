import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { lastMessageOf, newContact, newConversation, newMessage } from '#shared/model/new-rows.ts'
import type { Store } from '#shared/store/connect.ts'
import { connectMigrated } from '#shared/store/migrate.ts'

/** An inbox of one number, as years of work leave it. */
export interface InboxShape {
  conversations: number
  messages: number
}

const GIVEN = ['Salma', 'Youssef', 'Amine', 'Fatima', 'Karim', 'Nadia', 'Omar', 'Zineb', 'Hicham', 'Imane', 'Rachid', 'Leila']
const FAMILY = ['Alaoui', 'Benali', 'Cherkaoui', 'Daoudi', 'El Fassi', 'Guessous', 'Haddad', 'Idrissi', 'Jabri', 'Kettani']
const WORDS =
  'bonjour merci votre candidature entretien demain lundi poste contrat dossier salaire horaire adresse document accord'
const BATCH = 2000
/** A day and a half between the messages of a conversation. */
export const APART_MS = 36 * 3_600_000

/** Every so many conversations one is unread, labelled, closed. */
export const UNREAD_EACH = 20
export const LABEL = 'Interview'
const LABEL_EACH = 10
const CLOSED_EACH = 3
/** Every so many messages one has a word that is rare. */
const RARE_EACH = 50_000
export const RARE_WORD = 'quincaillerie'

export const nameOf = (i: number) => `${GIVEN[i % GIVEN.length]} ${FAMILY[Math.floor(i / GIVEN.length) % FAMILY.length]} ${i}`

export const phoneOf = (i: number) => String(212_700_000_000 + i)

/**
 * Fills the inbox of a number. Indexes are built after the rows, which takes a third of the time; a connection to `uri` builds them,
 * which waits for an answer as long as millions of rows need.
 */
export async function fillInbox(
  store: Store,
  uri: string,
  client: ClientDoc,
  { conversations, messages }: InboxShape,
): Promise<void> {
  const of = Math.max(1, Math.round(messages / conversations))
  const now = Date.now()
  await store.raw.messages.dropIndexes()
  for (let from = 0; from < conversations; from += BATCH) {
    const people = Array.from({ length: Math.min(BATCH, conversations - from) }, (_, i) => personOf(client, from + i, of, now))
    await Promise.all([
      store.raw.contacts.insertMany(people.map(({ contact }) => contact)),
      store.raw.conversations.insertMany(people.map(({ conversation }) => conversation)),
    ])
    const rows = people.flatMap(person => person.messages)
    for (let at = 0; at < rows.length; at += BATCH) await store.raw.messages.insertMany(rows.slice(at, at + BATCH))
  }
  await using _migrated = await connectMigrated(uri)
}

interface Person {
  contact: ContactDoc
  conversation: ConversationDoc
  messages: MessageDoc[]
}

function personOf(client: ClientDoc, i: number, count: number, nowMs: number): Person {
  const lastAt = nowMs - i * 30_000
  const atOf = (n: number) => new Date(lastAt - (count - 1 - n) * APART_MS)
  const person = { waId: phoneOf(i), userId: null, name: nameOf(i), nameSource: 'profile' as const }
  const contact = newContact(client.tenantId, person, atOf(0))
  const conversation = newConversation(client, contact, atOf(0))
  const rows = Array.from({ length: count }, (_, n) => messageOf({ client, conversation, contact }, i * count + n, n, atOf(n)))
  const last = rows.at(-1) as MessageDoc
  const isUnread = i % UNREAD_EACH === 0
  Object.assign(conversation, {
    ...{ messageCount: count, unreadCount: isUnread ? 1 : 0, lastMessage: lastMessageOf(last), lastActivityAt: last.at },
    ...{ lastInboundAt: last.at, windowExpiresAt: new Date(last.at.getTime() + 24 * 3_600_000) },
    ...(i % LABEL_EACH === 0 && { labels: [LABEL] }),
    ...(i % CLOSED_EACH === 0 && { status: 'closed' as const }),
    ...(isUnread && { waitingSince: last.at }),
  })
  return { contact, conversation, messages: rows }
}

export function messageOf(place: Parameters<typeof newMessage>[0], i: number, n: number, at: Date): MessageDoc {
  const words = WORDS.split(' ')
  const said = Array.from({ length: 8 }, (_, k) => words[(i * 7 + k * k) % words.length])
  const text = [...said, ...(i % RARE_EACH === 0 ? [RARE_WORD] : [])].join(' ')
  const message = newMessage(place, { type: 'text', content: { text, media: null, template: null, data: null } }, at)
  const isOurs = n % 2 === 0
  return {
    ...message,
    direction: isOurs ? 'OUTBOUND' : 'INBOUND',
    status: isOurs ? 'READ' : 'RECEIVED',
    wamid: `wamid.inbox.${i}`,
    seq: n + 1,
  }
}
