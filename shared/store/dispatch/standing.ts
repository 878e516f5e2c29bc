import type { SendJob } from '../../contracts/send-job.ts'
import { isBlocked } from '../../domain/contacts/block.ts'
import type { Consent, TemplateStanding } from '../../domain/messages/consent.ts'
import type { ContactDoc, ConversationDoc, Dispatch, Id, TemplateDoc, ThreadOwner } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { conversationIds, tenantIds, UNFINISHED_INDEX, unfinishedOf } from './take.ts'

/** The earliest unfinished message of a conversation. */
export interface Head {
  messageId: string
  state: Dispatch['state']
  nextStepAt: Date | null
}

/** What decides whether the messages of conversations may be sent now. */
export interface Standing {
  /** The earliest unfinished chat message of each conversation. */
  heads: Map<string, Head>
  /** End of the customer service window of each conversation. */
  windows: Map<string, Date | null>
  /** Conversations whose customer another app of the business answers, with what is known of it. */
  owners: Map<string, ThreadOwner>
  /** Conversations whose person was erased: nothing is sent in them. */
  erased: Set<string>
  /** What the people of the jobs have decided, by contact. */
  people: Map<string, Person>
  /** State of the jobs' templates by `templateKey`; missing: there is no such template. */
  templates: Map<string, TemplateStanding>
}

export interface Person extends Consent {
  /** The contact was merged into another one, whose decision counts. */
  isMerged: boolean
}

/** Key of a template in `Standing.templates`. */
export const templateKey = (...place: [tenantId: Id | string, wabaId: string, name: string, language: string]) =>
  place.map(String).join('\n')

/**
 * Reads the standing of the conversations of the jobs. Only the earliest unfinished chat message of a conversation may be sent, and
 * no campaign message before it. Messages scheduled for later are skipped, and those that a restriction holds while replies may be
 * sent, and attempts that have been without an answer for 15 s. @throws Outage
 */
export async function findStanding(store: Store, jobs: readonly SendJob[], now: Date): Promise<Standing> {
  const standing = nothing()
  if (jobs.length === 0) return standing
  const stages = [
    unfinishedOf(jobs, now),
    { $match: { 'dispatch.priority': 'chat' } },
    { $project: { conversationId: 1, state: '$dispatch.state', nextStepAt: '$dispatch.nextStepAt' } },
    { $sort: { conversationId: 1, _id: 1 } },
    { $group: { _id: '$conversationId', head: { $first: { id: '$_id', state: '$state', nextStepAt: '$nextStepAt' } } } },
    // A union costs less than a second command, and a join is made row by row.
    {
      $unionWith: {
        coll: 'conversations',
        pipeline: [conversationsOf(jobs), { $project: { windowExpiresAt: 1, threadOwner: 1, erased: 1 } }],
      },
    },
    ...peopleOf(jobs),
    ...templatesOf(jobs),
  ]
  const found = await orOutage(
    store.raw.messages.aggregate<HeadRow | WindowRow | PersonRow | TemplateRow>(stages, UNFINISHED_INDEX).toArray(),
  )
  for (const row of found) {
    if ('head' in row) standing.heads.set(String(row._id), headOf(row.head))
    else if ('person' in row) standing.people.set(String(row._id), personOf(row.person))
    else if ('template' in row) addTemplate(standing, row.template)
    else addConversation(standing, row)
  }
  return standing
}

type HeadRow = { _id: Id; head: FoundHead }
type WindowRow = Pick<ConversationDoc, '_id' | 'windowExpiresAt' | 'threadOwner' | 'erased'>
type PersonRow = { _id: Id; person: Pick<ContactDoc, 'optOut' | 'joinedWith'> & { block?: string | null } }
type TemplateRow = { _id: Id; template: Pick<TemplateDoc, 'tenantId' | 'wabaId' | 'name' | 'language' | 'status' | 'category'> }

const nothing = (): Standing => ({
  heads: new Map(),
  windows: new Map(),
  owners: new Map(),
  erased: new Set(),
  people: new Map(),
  templates: new Map(),
})

function addConversation(standing: Standing, { _id, windowExpiresAt, threadOwner, erased }: WindowRow): void {
  standing.windows.set(String(_id), windowExpiresAt)
  if (threadOwner?.owner === 'other') standing.owners.set(String(_id), threadOwner)
  if (erased) standing.erased.add(String(_id))
}

const personOf = ({ optOut, joinedWith, block }: PersonRow['person']): Person => ({
  optOut,
  isBlocked: isBlocked({ block: block == null ? null : { state: block } }),
  isMerged: joinedWith != null,
})

function addTemplate(standing: Standing, { tenantId, wabaId, name, language, status, category }: TemplateRow['template']): void {
  standing.templates.set(templateKey(tenantId, wabaId, name, language), { status, category })
}

/** The tenant is an expression, so that only `_id` can choose the index: a union takes no hint. */
const conversationsOf = (jobs: readonly SendJob[]) => ({
  $match: { _id: { $in: conversationIds(jobs) }, $expr: { $in: ['$tenantId', tenantIds(jobs)] } },
})

/** People by id: what they have decided is read by the command that reads the heads. */
function peopleOf(jobs: readonly SendJob[]) {
  const ids = [...new Set(jobs.flatMap(({ contactId }) => contactId ?? []))].map(toId)
  if (ids.length === 0) return []
  const match = { $match: { _id: { $in: ids }, $expr: { $in: ['$tenantId', tenantIds(jobs)] } } }
  const person = { optOut: '$optOut', block: '$block.state', joinedWith: '$joinedWith' }
  return [{ $unionWith: { coll: 'contacts', pipeline: [match, { $project: { person } }] } }]
}

/** Templates by name, in every account of the tenant: the number's account is known to the sender. */
function templatesOf(jobs: readonly SendJob[]) {
  const named = jobs.flatMap(({ tenantId, templateName: name, templateLanguage: language }) =>
    name === null || language === null ? [] : [{ tenantId, name, language }],
  )
  if (named.length === 0) return []
  const places = [...new Map(named.map(place => [Object.values(place).join('\n'), place])).values()]
  const $or = places.map(({ tenantId, ...place }) => ({ tenantId: toId(tenantId), ...place, deletedAt: null }))
  const fields = ['tenantId', 'wabaId', 'name', 'language', 'status', 'category'].map(field => [field, `$${field}`])
  const template = Object.fromEntries(fields)
  return [{ $unionWith: { coll: 'templates', pipeline: [{ $match: { $or } }, { $project: { template } }] } }]
}

type FoundHead = Omit<Head, 'messageId'> & { id: Id }
const headOf = ({ id, state, nextStepAt }: FoundHead): Head => ({ messageId: String(id), state, nextStepAt })

/** Whether a message can be taken: READY, or WAITING and due. */
export function mayBeTaken(head: Head, now: Date): boolean {
  if (head.state === 'READY') return true
  return head.state === 'WAITING' && head.nextStepAt !== null && head.nextStepAt <= now
}
