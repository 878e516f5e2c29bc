import { fileNameOf } from '#shared/domain/media/file-name.ts'
import type { ContactDoc, MessageDoc, RecipientDoc } from '#shared/model/documents.ts'
import { nullIfGone } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { jsonLines, type ZipEntry } from '#shared/storage/zip.ts'
import { messagesOfPerson, type PersonRecord, readPersonRecord, webhooksOfPerson } from '#shared/store/contacts/person-record.ts'
import { conversationView, messageDetailView, noteView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { detailView } from './routes.ts'

type Deps = Pick<GatewayDeps, 'store' | 'storage' | 'now'>

const README = `Everything that is stored about one person.

contact.json        the person: numbers, names, opt-out, attributes, labels; first the present contact, then those merged into it
conversations.json  the conversations of the person with your numbers
messages.json       every message with its timeline, oldest first in each conversation; a file of a message is media/<message id>-<name>
leads.json          entries of the sales pipeline
notes.json          what your users noted about the person
campaigns.json      rows of the audiences of campaigns
webhooks.json       what WhatsApp reported about the person in the last 31 days, as it came
manifest.json       when this was made, how many of each, and which files could not be found

Times are UTC. Names of your users stand where they wrote: look through the files before you hand them on.
`

/** What became of an export, told in its last file. */
interface Counts {
  messages: number
  webhooks: number
  media: number
  /** Messages whose file is not in the storage any more. */
  missing: string[]
}

/** The files about one person, read while they are sent. The manifest comes last: without it the ZIP is not whole. */
export async function* filesOfPerson(deps: Deps, contact: ContactDoc): AsyncGenerator<ZipEntry> {
  const { store, now } = deps
  const at = now()
  const person = await readPersonRecord(store, contact)
  const counts: Counts = { messages: 0, webhooks: 0, media: 0, missing: [] }
  const file = (name: string, content: ZipEntry['content']): ZipEntry => ({ name, at, content })
  yield file('README.txt', README)
  yield file('contact.json', json(person.contacts.map(detailView)))
  const shown = person.conversations.map(row => conversationView(row, at))
  yield file('conversations.json', json(shown))
  yield file('leads.json', json(person.leads.map(leadRecord)))
  yield file('notes.json', json(person.notes.map(noteView)))
  yield file('campaigns.json', json(person.recipients.map(recipientRecord)))
  const messages = viewsOf(messagesOfPerson(store, person), message => messageDetailView(message, at))
  yield file(
    'messages.json',
    jsonLines(messages, () => counts.messages++),
  )
  const webhooks = viewsOf(webhooksOfPerson(store, person, at), ({ _id, receivedAt, payload }) => ({
    id: _id,
    receivedAt,
    payload,
  }))
  yield file(
    'webhooks.json',
    jsonLines(webhooks, () => counts.webhooks++),
  )
  yield* mediaOf(deps, person, counts)
  const { messages: written, webhooks: events, media, missing } = counts
  const { conversations, leads, notes, recipients } = person
  const rows = { messages: written, conversations: conversations.length, leads: leads.length, notes: notes.length }
  const rest = { campaigns: recipients.length, webhooks: events, media }
  const about = { format: 'linko-person', version: 1, exportedAt: at.toISOString(), contactId: String(contact._id) }
  yield file('manifest.json', json({ ...about, counts: { ...rows, ...rest }, missing }))
}

async function* mediaOf({ store, storage }: Deps, person: PersonRecord, counts: Counts): AsyncGenerator<ZipEntry> {
  for await (const message of messagesOfPerson(store, person)) {
    const { media } = message.content
    if (media?.state !== 'STORED') continue
    const content = await storage.get(mediaKey(person.tenantId, media.id)).catch(nullIfGone)
    if (content === null) {
      counts.missing.push(String(message._id))
      continue
    }
    counts.media++
    yield { name: mediaName(message), at: message.at, content }
  }
}

/** Characters that a file system or an unpacking program may refuse. */
const UNSAFE = /[^\p{L}\p{N}\p{M}._ -]/gu

/** Path of a message's file in the archive: the message's id makes it unique. */
export function mediaName({ _id, content: { media } }: Pick<MessageDoc, '_id' | 'content'>): string {
  const subtype = /^\w+\/([a-z0-9]+)/i.exec(media?.mimeType ?? '')?.[1] ?? 'bin'
  const name = fileNameOf(media?.filename)?.replace(UNSAFE, '_') ?? `file.${subtype}`
  return `media/${_id}-${name}`
}

async function* viewsOf<T>(rows: AsyncIterable<T>, view: (row: T) => unknown): AsyncGenerator<unknown> {
  for await (const row of rows) yield view(row)
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

const leadRecord = ({ _id, name, phone, status, source, createdAt }: PersonRecord['leads'][number]) => ({
  id: String(_id),
  name,
  phone,
  status,
  source,
  createdAt,
})

const recipientRecord = ({ campaignId, to, name, variables, state, reason, messageId }: RecipientDoc) => ({
  campaignId: String(campaignId),
  to,
  name,
  variables,
  state,
  reason,
  messageId: messageId && String(messageId),
})
