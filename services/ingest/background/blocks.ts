import { tokenOf } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, MetaClient } from '#shared/meta/client.ts'
import { isObject, listOf, text } from '#shared/meta/json.ts'
import type { Block, ClientDoc, ContactDoc } from '#shared/model/documents.ts'
import { keysFor } from '#shared/model/new-rows.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { findDueBlocks, findNumbersOfContact, settleBlock } from '#shared/store/contacts/blocks.ts'

export interface BlockDeps {
  store: Store
  meta: MetaClient
  keyring: Keyring
  log: Logger
  now(): Date
}

const BATCH = 50
/** Wait until Meta is asked again after it did not answer. */
const RETRY_MS = 60_000

/** Meta's answer for one number: done, finally refused, or to be asked again. */
interface Answer {
  kind: 'done' | 'refused' | 'later'
  problem: string | null
}

/** Reports blocked and unblocked contacts to Meta. @throws Outage */
export async function reportBlocks(deps: BlockDeps): Promise<void> {
  for (const contact of await findDueBlocks(deps.store, deps.now(), BATCH)) await reportBlock(deps, contact)
}

/** Calls Meta for each number that has a conversation with the contact. Meta blocks only users who wrote within a day. */
async function reportBlock(deps: BlockDeps, contact: ContactDoc): Promise<void> {
  const answers: Answer[] = []
  for (const client of await findNumbersOfContact(deps.store, contact)) answers.push(await ask(deps, client, contact))
  const isLifting = contact.block?.state === 'LIFTING'
  await settleBlock(deps.store, contact, settlementOf(answers, isLifting, deps.now()))
  const ids = { tenantId: String(contact.tenantId), contactId: String(contact._id) }
  deps.log.info({ ...ids, isLifting, answers: answers.map(({ kind }) => kind) }, 'block reported')
}

/** The new state of the contact's block; null when it is lifted. */
function settlementOf(answers: Answer[], isLifting: boolean, now: Date): Partial<Block> | null {
  const later = answers.find(({ kind }) => kind === 'later')
  if (later) return { problem: later.problem, nextAt: new Date(now.getTime() + RETRY_MS) }
  if (isLifting) return null
  const refused = answers.find(({ kind }) => kind === 'refused')
  return refused ? { state: 'REFUSED', problem: refused.problem } : { state: 'DONE', problem: null }
}

async function ask({ meta, keyring, log }: BlockDeps, client: ClientDoc, contact: ContactDoc): Promise<Answer> {
  const token = tokenOf(keyring, client)
  if (token === null) {
    log.warn(
      { tenantId: String(client.tenantId), clientId: String(client._id), reason: 'no readable access token' },
      'block not reported',
    )
    return { kind: 'refused', problem: 'The number has no access token.' }
  }
  const { waId, userId } = keysFor(contact, client)
  // Nobody by whom this number knows the person: nothing to block.
  if (waId === null && userId === null) return { kind: 'done', problem: null }
  const user = waId === null ? { user_id: userId } : { user: waId }
  const body = { messaging_product: 'whatsapp', block_users: [user] }
  const method = contact.block?.state === 'LIFTING' ? 'delete' : 'post'
  return answerOf(await meta.graph[method](`${encodeURIComponent(client.phoneNumberId)}/block_users`, { token, body }))
}

const RETRIED_CLASSES = new Set(['RETRY', 'RETRY_LATER'])

/** Reads Meta's answer. A successful answer may also name users that it could not block. */
function answerOf(result: GraphResult): Answer {
  if (result.kind === 'unknown' || result.kind === 'unsent') return { kind: 'later', problem: 'WhatsApp did not answer.' }
  if (result.kind === 'refused') {
    const { class: kind, sentence, detail } = describeError(result.error)
    return { kind: RETRIED_CLASSES.has(kind) ? 'later' : 'refused', problem: detail ?? sentence }
  }
  const answer = isObject(result.data.block_users) ? result.data.block_users : {}
  const [failed] = listOf(answer.failed_users).filter(isObject)
  const [error] = listOf(failed?.errors).filter(isObject)
  if (failed === undefined) return { kind: 'done', problem: null }
  return { kind: 'refused', problem: (error && text(error.message)) ?? 'WhatsApp refused.' }
}
