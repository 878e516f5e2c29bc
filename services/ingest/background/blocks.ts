import { randomUUID } from 'node:crypto'
import { openAccessToken } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, MetaClient } from '#shared/meta/client.ts'
import { isObject, listOf, text } from '#shared/meta/json.ts'
import type { ClientDoc, ContactDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { loop } from '#shared/process/loop.ts'
import type { Store } from '#shared/store/connect.ts'
import { findNumbersOf, findUntoldBlocks, settleBlock } from '#shared/store/contacts/blocks.ts'
import { holdLease } from '#shared/store/leases.ts'

export interface BlockDeps {
  store: Store
  meta: MetaClient
  keyring: Keyring
  log: Logger
}

const EVERY_MS = 1000
const LEASE_MS = 10_000
const BATCH = 50
const AGAIN_MS = 60_000

/** Done, refused for good, or to be asked again. */
interface Answer {
  kind: 'done' | 'refused' | 'later'
  problem: string | null
}

/** Tells Meta who is blocked, and who no more: one process, every second, as long as there is something to tell. */
export async function startBlocks(deps: BlockDeps): Promise<AsyncDisposable> {
  const { store, log } = deps
  await using stack = new AsyncDisposableStack()
  const lease = stack.use(await holdLease(store, { name: 'ingest:blocks', owner: randomUUID(), ttlMs: LEASE_MS, log }))
  stack.use(loop('blocks', EVERY_MS, () => reportBlocks(deps, new Date()), { when: () => lease.isHeld(), log }))
  return stack.move()
}

export async function reportBlocks(deps: BlockDeps, now: Date): Promise<void> {
  for (const contact of await findUntoldBlocks(deps.store, now, BATCH)) await tell(deps, contact, now)
}

/** Meta blocks for one number at a time, and only whoever wrote to it within a day. */
async function tell(deps: BlockDeps, contact: ContactDoc, now: Date): Promise<void> {
  const answers: Answer[] = []
  for (const client of await findNumbersOf(deps.store, contact)) answers.push(await ask(deps, client, contact))
  const later = answers.find(answer => answer.kind === 'later')
  const refused = answers.find(answer => answer.kind === 'refused')
  const isLifting = contact.block?.state === 'LIFTING'
  if (later) await settleBlock(deps.store, contact, { problem: later.problem, nextAt: new Date(now.getTime() + AGAIN_MS) })
  else if (isLifting) await settleBlock(deps.store, contact, null)
  else
    await settleBlock(
      deps.store,
      contact,
      refused ? { state: 'REFUSED', problem: refused.problem } : { state: 'DONE', problem: null },
    )
  const ids = { tenantId: String(contact.tenantId), contactId: String(contact._id) }
  deps.log.info({ ...ids, isLifting, answers: answers.map(({ kind }) => kind) }, 'Meta was told of a block')
}

async function ask({ meta, keyring, log }: BlockDeps, client: ClientDoc, contact: ContactDoc): Promise<Answer> {
  const token = tokenOf(keyring, client, log)
  if (token === null) return { kind: 'refused', problem: 'The number has no access token.' }
  const user = contact.waId === null ? { user_id: contact.userId } : { user: contact.waId }
  const body = { messaging_product: 'whatsapp', block_users: [user] }
  const method = contact.block?.state === 'LIFTING' ? 'delete' : 'post'
  return answerOf(await meta.graph[method](`${encodeURIComponent(client.phoneNumberId)}/block_users`, { token, body }))
}

function tokenOf(keyring: Keyring, client: ClientDoc, log: Logger): string | null {
  try {
    return openAccessToken(keyring, client)
  } catch (error) {
    log.warn({ err: error, clientId: String(client._id) }, 'the access token cannot be read')
    return null
  }
}

const NOT_NOW = new Set(['RETRY', 'RETRY_LATER'])

/** Who failed is told beside a success, too. */
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
