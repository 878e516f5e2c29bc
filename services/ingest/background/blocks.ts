import { tokenOf } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, MetaClient } from '#shared/meta/client.ts'
import { isObject, listOf, text } from '#shared/meta/json.ts'
import type { Block, ClientDoc, ContactDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { findNumbersOf, findUntoldBlocks, settleBlock } from '#shared/store/contacts/blocks.ts'

export interface BlockDeps {
  store: Store
  meta: MetaClient
  keyring: Keyring
  log: Logger
  now(): Date
}

const BATCH = 50
/** When Meta did not answer it is asked again after this. */
const AGAIN_MS = 60_000

/** Meta's answer for one number: done, refused for good, or to be asked again. */
interface Answer {
  kind: 'done' | 'refused' | 'later'
  problem: string | null
}

/** Reports to Meta which contacts were blocked or unblocked. @throws Outage */
export async function reportBlocks(deps: BlockDeps): Promise<void> {
  for (const contact of await findUntoldBlocks(deps.store, deps.now(), BATCH)) await reportBlock(deps, contact)
}

/** Asks Meta once for each number of the contact's conversations. Meta blocks only people who wrote to a number within a day. */
async function reportBlock(deps: BlockDeps, contact: ContactDoc): Promise<void> {
  const answers: Answer[] = []
  for (const client of await findNumbersOf(deps.store, contact)) answers.push(await ask(deps, client, contact))
  const isLifting = contact.block?.state === 'LIFTING'
  await settleBlock(deps.store, contact, settlementOf(answers, isLifting, deps.now()))
  const ids = { tenantId: String(contact.tenantId), contactId: String(contact._id) }
  deps.log.info({ ...ids, isLifting, answers: answers.map(({ kind }) => kind) }, 'block reported')
}

/** What becomes of the contact's block; null: it is lifted. */
function settlementOf(answers: Answer[], isLifting: boolean, now: Date): Partial<Block> | null {
  const later = answers.find(({ kind }) => kind === 'later')
  if (later) return { problem: later.problem, nextAt: new Date(now.getTime() + AGAIN_MS) }
  if (isLifting) return null
  const refused = answers.find(({ kind }) => kind === 'refused')
  return refused ? { state: 'REFUSED', problem: refused.problem } : { state: 'DONE', problem: null }
}

async function ask({ meta, keyring, log }: BlockDeps, client: ClientDoc, contact: ContactDoc): Promise<Answer> {
  const token = tokenOf(keyring, client)
  if (token === null) {
    log.warn({ tenantId: String(client.tenantId), clientId: String(client._id) }, 'block not reported: no readable access token')
    return { kind: 'refused', problem: 'The number has no access token.' }
  }
  const user = contact.waId === null ? { user_id: contact.userId } : { user: contact.waId }
  const body = { messaging_product: 'whatsapp', block_users: [user] }
  const method = contact.block?.state === 'LIFTING' ? 'delete' : 'post'
  return answerOf(await meta.graph[method](`${encodeURIComponent(client.phoneNumberId)}/block_users`, { token, body }))
}

const NOT_NOW = new Set(['RETRY', 'RETRY_LATER'])

/** Meta names users whom it could not block in a successful answer too. */
function answerOf(result: GraphResult): Answer {
  if (result.kind === 'unknown' || result.kind === 'unsent') return { kind: 'later', problem: 'WhatsApp did not answer.' }
  if (result.kind === 'refused') {
    const { class: kind, sentence, detail } = describeError(result.error)
    return { kind: NOT_NOW.has(kind) ? 'later' : 'refused', problem: detail ?? sentence }
  }
  const answer = isObject(result.data.block_users) ? result.data.block_users : {}
  const [failed] = listOf(answer.failed_users).filter(isObject)
  const [error] = listOf(failed?.errors).filter(isObject)
  if (failed === undefined) return { kind: 'done', problem: null }
  return { kind: 'refused', problem: (error && text(error.message)) ?? 'WhatsApp refused.' }
}
