import { openAccessToken, sealAccessToken } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import {
  endsWithValidToken,
  mayRenew,
  missingScopes,
  problemSentence,
  type TokenFacts,
  UNREADABLE_TOKEN,
  warnOf,
} from '#shared/domain/numbers/token-health.ts'
import { inspectToken, renewToken } from '#shared/meta/tokens.ts'
import type { ClientDoc, NumberNotice } from '#shared/model/documents.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { findTokensDue, noteOnClient } from '#shared/store/numbers/checks.ts'
import { changeClient, pauseClient, resumeClient } from '#shared/store/numbers/clients.ts'
import type { ClientNews } from '#shared/views/events.ts'
import { type BackgroundDeps, inParallel, jittered } from './background-deps.ts'

const BATCH = 100
const WIDTH = 4
/** Meta did not say: asked again after this. */
const AGAIN_MS = 15 * 60_000
/** A pause ends by itself at most so often: a token that Meta calls valid and yet refuses must not go back and forth. */
const RESUME_EVERY_MS = 3_600_000

const EXPIRING = 'TOKEN_EXPIRING'
const SCOPES = 'TOKEN_SCOPES'

/** A token with the numbers of one tenant that use it. */
interface Shared {
  token: string
  clients: ClientDoc[]
}

/** Asks Meta about every number's token about once a day: pauses, warns, renews, and ends pauses that a valid token ends. */
export function createTokenChecks(deps: BackgroundDeps) {
  const { store, meta, app, keyring, log, now } = deps

  async function check(): Promise<void> {
    const due = await findTokensDue(store, now(), BATCH)
    const shared = new Map<string, Shared>()
    for (const client of due) {
      const token = tokenOf(keyring, client)
      if (token === null) {
        await unreadable(client)
        continue
      }
      const key = `${client.tenantId}:${token}`
      shared.set(key, { token, clients: [...(shared.get(key)?.clients ?? []), client] })
    }
    await inParallel([...shared.values()], WIDTH, checkOne)
  }

  /** Numbers that share a token are asked about, and renewed, once. */
  async function checkOne({ token, clients }: Shared): Promise<void> {
    const facts = await inspectToken(meta, app, token)
    const renewed = facts && (await renew(token, facts))
    for (const client of clients) {
      if (facts === null) await noteOnClient(store, client, { nextTokenCheckAt: jittered(now(), AGAIN_MS) })
      else if (!facts.isValid) await invalid(client, facts)
      else await valid(client, renewed?.facts ?? facts, renewed?.token ?? null)
    }
  }

  /** Meta is asked about the new one before it replaces the old one, which keeps its own end. */
  async function renew(token: string, facts: TokenFacts): Promise<Renewed | null> {
    if (app === null || !mayRenew(facts, now())) return null
    const renewed = await renewToken(meta, app, token)
    const known = renewed === null ? null : await inspectToken(meta, app, renewed)
    return renewed !== null && known?.isValid ? { token: renewed, facts: known } : null
  }

  async function valid(client: ClientDoc, facts: TokenFacts, renewed: string | null): Promise<void> {
    const warning = warningsOf(client, facts, now())
    const changes = { ...fieldsOf(facts), ...warning.changes, ...(renewed && { accessToken: seal(client, renewed) }) }
    if (!(await write(client, changes, warning.news))) return
    if (renewed) await emitRenewed(client, facts)
    const mayResume = (client.tokenResumedAt?.getTime() ?? 0) <= now().getTime() - RESUME_EVERY_MS
    if (client.status === 'paused' && mayResume && endsWithValidToken(client.pauseReason, client.pauseCode)) await resume(client)
  }

  async function invalid(client: ClientDoc, facts: TokenFacts): Promise<void> {
    await write(client, fieldsOf(facts), null)
    const { tenantId, _id: clientId } = client
    const detail = problemSentence(facts.problem)
    await pause({ tenantId, clientId, reason: 'token', detail, code: facts.problem?.code, token: client.accessToken })
  }

  async function unreadable(client: ClientDoc): Promise<void> {
    const { tenantId, _id: clientId } = client
    await noteOnClient(store, client, { nextTokenCheckAt: jittered(now(), AGAIN_MS) })
    await pause({ tenantId, clientId, reason: 'token', detail: UNREADABLE_TOKEN, token: client.accessToken })
  }

  async function pause(what: Parameters<typeof pauseClient>[1]): Promise<void> {
    const change = await pauseClient(store, what)
    if (change === null) return
    log.warn({ tenantId: String(what.tenantId), clientId: String(what.clientId) }, 'number paused: its token is not valid')
    await noteOnClient(store, change.client, { nextTokenCheckAt: jittered(now(), deps.tokenEveryMs) })
    await deps.events.publish([change.event], null)
  }

  async function resume(client: ClientDoc): Promise<void> {
    const change = await resumeClient(store, { tenantId: client.tenantId, clientId: client._id })
    if (change === null) return
    await noteOnClient(store, client, { tokenResumedAt: now() })
    log.info({ tenantId: String(client.tenantId), clientId: String(client._id) }, 'the token is valid, the number goes on')
    await deps.events.publish([change.event], null)
  }

  /** Only while the number still has the token that was asked about, and no webhook changed its notices meanwhile. */
  async function write(client: ClientDoc, changes: Partial<ClientDoc>, news: ClientNews | null): Promise<boolean> {
    const still = { accessToken: client.accessToken, ...(changes.notices && { lastEventAt: client.lastEventAt ?? null }) }
    if (news === null) return noteOnClient(store, client, changes, still)
    const change = await changeClient(store, { tenantId: client.tenantId, clientId: client._id }, changes, still, news)
    if (change) await deps.events.publish([change.event], null)
    return change !== null
  }

  async function emitRenewed(client: ClientDoc, facts: TokenFacts): Promise<void> {
    log.info({ tenantId: String(client.tenantId), clientId: String(client._id) }, 'access token renewed')
    await audit(store, {
      tenantId: client.tenantId,
      actor: { kind: 'system', id: null, name: null },
      action: 'clients.renewToken',
      object: { kind: 'client', id: String(client._id) },
      changes: { tokenExpiry: { before: client.tokenExpiry ?? null, after: facts.expiresAt } },
      ip: null,
    })
  }

  const seal = (client: ClientDoc, token: string) => sealAccessToken(keyring, client, token)
  const fieldsOf = (facts: TokenFacts): Partial<ClientDoc> => ({
    tokenValid: facts.isValid,
    ...(facts.isValid && {
      tokenExpiry: facts.expiresAt,
      dataAccessExpiry: facts.dataAccessExpiresAt,
      tokenScopes: facts.scopes,
    }),
    tokenCheckedAt: now(),
    nextTokenCheckAt: jittered(now(), deps.tokenEveryMs),
  })

  return { check }
}

interface Renewed {
  token: string
  facts: TokenFacts
}

/** Null too when no key of ours opens it. */
export function tokenOf(keyring: Keyring, client: ClientDoc): string | null {
  try {
    return openAccessToken(keyring, client)
  } catch {
    return null
  }
}

/** Notices as they should stand, and the news when one of them is new. */
function warningsOf(client: ClientDoc, facts: TokenFacts, now: Date): { changes: Partial<ClientDoc>; news: ClientNews | null } {
  const end = warnOf(facts, now)
  const missing = missingScopes(facts)
  const present = client.notices ?? []
  const isNewEnd = end !== null && client.tokenWarnedFor?.getTime() !== end.getTime()
  const isNewGap = missing.length > 0 && !present.some(({ type }) => type === SCOPES)
  const standing = present.filter(({ type }) =>
    type === EXPIRING ? end !== null && !isNewEnd : type !== SCOPES || missing.length > 0,
  )
  const added: NumberNotice[] = [
    ...(isNewEnd ? [{ type: EXPIRING, severity: 'WARNING' as const, text: expiringText(end), at: now }] : []),
    ...(isNewGap ? [{ type: SCOPES, severity: 'WARNING' as const, text: scopesText(missing), at: now }] : []),
  ]
  const isChanged = added.length > 0 || standing.length < present.length
  const lastEventAt = { ...client.lastEventAt, ...Object.fromEntries([EXPIRING, SCOPES].map(type => [`notice:${type}`, now])) }
  const changes = { tokenWarnedFor: end, ...(isChanged && { notices: [...added, ...standing], lastEventAt }) }
  if (isNewEnd) return { changes, news: { reason: 'token-expiring' } }
  return { changes, news: isNewGap ? { reason: 'token-scopes' } : null }
}

const expiringText = (end: Date) =>
  `WhatsApp's access to this number ends on ${end.toISOString().slice(0, 10)}. Connect the number again before, or it stops sending.`
const scopesText = (missing: string[]) =>
  `The access token lacks ${missing.join(' and ')}. Connect the number again and grant every permission that is asked for.`
