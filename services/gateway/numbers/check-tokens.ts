import { sealAccessToken, tokenOf } from '#shared/auth/client-tokens.ts'
import {
  endsWithValidToken,
  mayRenew,
  problemSentence,
  type TokenFacts,
  UNREADABLE_TOKEN,
} from '#shared/domain/numbers/token-health.ts'
import { inspectToken, renewToken } from '#shared/meta/tokens.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { inParallel } from '#shared/process/in-parallel.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { findTokensDue, updateClientAlongside, updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { changeClient, pauseClient, resumeClient } from '#shared/store/numbers/clients.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import type { NumberStatusDetails } from '#shared/views/events.ts'
import { type BackgroundDeps, jittered } from './background-deps.ts'
import { warningsOf } from './token-warnings.ts'

const BATCH = 100
const WIDTH = 4
/** Delay before the next check when Meta did not answer or no key opens the token. */
const AGAIN_MS = 15 * 60_000
/** A valid token ends a pause at most this often: Meta may call a token valid and refuse it all the same. */
const RESUME_EVERY_MS = 3_600_000

/** Token with the numbers of one tenant that use it. */
interface Shared {
  token: string
  clients: ClientDoc[]
}

interface Renewed {
  token: string
  facts: TokenFacts
}

/** Checks the due tokens with Meta: pauses and resumes numbers, emits warnings, renews tokens. @throws Outage */
export async function checkTokens(deps: BackgroundDeps): Promise<void> {
  const shared = new Map<string, Shared>()
  for (const client of await findTokensDue(deps.store, deps.now(), BATCH)) {
    const token = tokenOf(deps.keyring, client)
    if (token === null) await pauseUnreadable(deps, client)
    else addTo(shared, client, token)
  }
  await inParallel([...shared.values()], WIDTH, one => checkShared(deps, one))
}

function addTo(shared: Map<string, Shared>, client: ClientDoc, token: string): void {
  const key = `${client.tenantId}:${token}`
  shared.set(key, { token, clients: [...(shared.get(key)?.clients ?? []), client] })
}

/** Checks and renews a token once for all numbers that share it. */
async function checkShared(deps: BackgroundDeps, { token, clients }: Shared): Promise<void> {
  const facts = await inspectToken(deps.meta, deps.app, token)
  const renewed = facts && (await renew(deps, token, facts))
  for (const client of clients) {
    if (facts === null) await checkAgain(deps, client)
    else if (!facts.isValid) await pauseInvalid(deps, client, facts)
    else await keepValid(deps, client, renewed?.facts ?? facts, renewed?.token ?? null)
  }
}

/** Renews a token and checks the new one before it replaces the old. @returns null when the old token stays */
async function renew({ meta, app, now }: BackgroundDeps, token: string, facts: TokenFacts): Promise<Renewed | null> {
  if (app === null || !mayRenew(facts, now())) return null
  const renewed = await renewToken(meta, app, token)
  const known = renewed === null ? null : await inspectToken(meta, app, renewed)
  return renewed !== null && known?.isValid ? { token: renewed, facts: known } : null
}

async function keepValid(deps: BackgroundDeps, client: ClientDoc, facts: TokenFacts, renewed: string | null): Promise<void> {
  const warning = warningsOf(client, facts, deps.now())
  const accessToken = renewed && { accessToken: sealAccessToken(deps.keyring, client, renewed) }
  const changes = { ...fieldsOf(deps, facts), ...warning.changes, ...accessToken }
  const alongside = renewed ? renewalEntry(deps, client, facts) : null
  if (!(await write(deps, client, { changes, news: warning.news, alongside }))) return
  if (renewed) deps.log.info(idsOf(client), 'access token renewed')
  const mayResume = (client.tokenResumedAt?.getTime() ?? 0) <= deps.now().getTime() - RESUME_EVERY_MS
  const isOver = client.status === 'paused' && endsWithValidToken(client.pauseReason, client.pauseCode)
  if (isOver && mayResume) await resume(deps, client)
}

async function pauseInvalid(deps: BackgroundDeps, client: ClientDoc, facts: TokenFacts): Promise<void> {
  await write(deps, client, { changes: fieldsOf(deps, facts), news: null, alongside: null })
  await pause(deps, client, problemSentence(facts.problem), facts.problem?.code ?? null)
}

async function pauseUnreadable(deps: BackgroundDeps, client: ClientDoc): Promise<void> {
  await checkAgain(deps, client)
  await pause(deps, client, UNREADABLE_TOKEN, null)
}

async function checkAgain({ store, now }: BackgroundDeps, client: ClientDoc): Promise<void> {
  await updateClientWithoutEvent(store, client, { nextTokenCheckAt: jittered(now(), AGAIN_MS) })
}

async function pause(deps: BackgroundDeps, client: ClientDoc, detail: string, code: number | null): Promise<void> {
  const { tenantId, _id: clientId, accessToken: token } = client
  const change = await pauseClient(deps.store, { tenantId, clientId, reason: 'token', detail, token, code })
  if (change === null) return
  deps.log.warn({ ...idsOf(client), reason: 'token' }, 'number paused')
  await updateClientWithoutEvent(deps.store, change.client, { nextTokenCheckAt: jittered(deps.now(), deps.tokenEveryMs) })
  await deps.events.publish([change.event], null)
}

async function resume(deps: BackgroundDeps, client: ClientDoc): Promise<void> {
  const change = await resumeClient(deps.store, { tenantId: client.tenantId, clientId: client._id })
  if (change === null) return
  await updateClientWithoutEvent(deps.store, client, { tokenResumedAt: deps.now() })
  deps.log.info({ ...idsOf(client), reason: 'token valid' }, 'number resumed')
  await deps.events.publish([change.event], null)
}

/** What a check found: fields to write, news for sockets, and what is written together with them. */
interface Finding {
  changes: Partial<ClientDoc>
  news: NumberStatusDetails | null
  alongside: Alongside<unknown> | null
}

/**
 * Writes what a check found, but only while the number still has the token that was checked and no webhook has changed its
 * notices meanwhile. @returns whether it was written
 */
async function write(deps: BackgroundDeps, client: ClientDoc, { changes, news, alongside }: Finding): Promise<boolean> {
  const still = { accessToken: client.accessToken, ...(changes.notices && { lastEventAt: client.lastEventAt ?? null }) }
  if (news === null && alongside === null) return updateClientWithoutEvent(deps.store, client, changes, still)
  if (news === null)
    return updateClientAlongside(deps.store, client, { changes, provided: still, alongside: alongside as Alongside<unknown> })
  const where = { tenantId: client.tenantId, clientId: client._id }
  const change = await changeClient(deps.store, where, changes, still, news, alongside ?? undefined)
  if (change) await deps.events.publish([change.event], null)
  return change !== null
}

/** The audit entry of a renewal, written with the new token. */
function renewalEntry({ store }: BackgroundDeps, client: ClientDoc, facts: TokenFacts): Alongside<unknown> {
  const entry = {
    tenantId: client.tenantId,
    actor: { kind: 'system' as const, id: null, name: null },
    action: 'clients.renewToken',
    object: { kind: 'client', id: String(client._id) },
    changes: { tokenExpiry: { before: client.tokenExpiry ?? null, after: facts.expiresAt } },
    ip: null,
  }
  return async (_done, session) => audit(store, entry, { session })
}

const idsOf = (client: ClientDoc) => ({ tenantId: String(client.tenantId), clientId: String(client._id) })

const fieldsOf = ({ now, tokenEveryMs }: BackgroundDeps, facts: TokenFacts): Partial<ClientDoc> => ({
  tokenValid: facts.isValid,
  ...(facts.isValid && {
    tokenExpiry: facts.expiresAt,
    dataAccessExpiry: facts.dataAccessExpiresAt,
    tokenScopes: facts.scopes,
  }),
  tokenCheckedAt: now(),
  nextTokenCheckAt: jittered(now(), tokenEveryMs),
})
