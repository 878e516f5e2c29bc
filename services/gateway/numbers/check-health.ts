import { isDeepStrictEqual } from 'node:util'
import { tokenOf } from '#shared/auth/client-tokens.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import { isForeignWebhook } from '#shared/domain/onboarding/webhook-fields.ts'
import { isNewer, withEventTimes } from '#shared/fold/number-effects.ts'
import { askNumber, type NumberFacts, readNumber } from '#shared/meta/number-fields.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { inParallel } from '#shared/process/in-parallel.ts'
import { findHealthDue, updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { changeClient } from '#shared/store/numbers/clients.ts'
import { type BackgroundDeps, type ConnectionJobDeps, jittered } from './background-deps.ts'

const BATCH = 100
const WIDTH = 4
/** Delay before the fields are read again after a failure. */
const AGAIN_MS = 5 * 60_000

/** Fields that webhooks report too, with the topic of the webhook: the newer report wins. */
const TOPICS: Partial<Record<keyof Fields, string>> = {
  throughput: 'throughput',
  messagingLimit: 'limit',
  verifiedName: 'name',
}

/** `webhook`: our address, to which Meta should send. */
type HealthDeps = BackgroundDeps & Pick<ConnectionJobDeps, 'webhook'>

/** Reads the fields of the due numbers from Meta, writes what differs and publishes events. @throws Outage */
export async function checkHealth(deps: HealthDeps): Promise<void> {
  await inParallel(await findHealthDue(deps.store, deps.now(), BATCH), WIDTH, client => checkOne(deps, client))
}

async function checkOne(deps: HealthDeps, client: ClientDoc): Promise<void> {
  const { store, meta, version, keyring, now } = deps
  const token = tokenOf(keyring, client)
  if (token === null) {
    await updateClientWithoutEvent(store, client, { nextHealthCheckAt: jittered(now(), deps.healthEveryMs) })
    return
  }
  const askedAt = now()
  const result = await askNumber(meta, version, client, token)
  if (result.kind === 'ok') await apply(deps, client, fieldsOf(readNumber(result.data), deps.webhook.url), askedAt)
  else await checkAgain(deps, client, result)
}

/** Fields of a number's row that Meta reports. */
type Fields = Omit<NumberFacts, 'webhook'> & Pick<ClientDoc, 'webhookElsewhere'>

/** @param expected our address for webhooks */
function fieldsOf({ webhook, ...facts }: NumberFacts, expected: string): Fields {
  if (webhook === undefined) return facts
  return { ...facts, webhookElsewhere: isForeignWebhook(webhook.url, expected) ? { ...webhook, expected } : null }
}

async function checkAgain({ store, log, now }: BackgroundDeps, client: ClientDoc, result: Unanswered): Promise<void> {
  await updateClientWithoutEvent(store, client, { nextHealthCheckAt: jittered(now(), AGAIN_MS), ...afterRefusal(result) })
  log.warn({ tenantId: String(client.tenantId), clientId: String(client._id), why: result.kind }, 'number fields not read')
}

async function apply(deps: BackgroundDeps, client: ClientDoc, facts: Fields, askedAt: Date): Promise<void> {
  const { changes, changed, topics } = changesOf(client, facts, askedAt)
  const checked = { healthCheckedAt: askedAt, nextHealthCheckAt: jittered(deps.now(), deps.healthEveryMs) }
  if (changed.length === 0) {
    await updateClientWithoutEvent(deps.store, client, checked)
    return
  }
  // A webhook that came meanwhile is newer: then nothing is written, and the next round asks again.
  const unanswered = { lastEventAt: client.lastEventAt ?? null }
  const all = { ...changes, ...checked, lastEventAt: withEventTimes(client, topics, askedAt) }
  const where = { tenantId: client.tenantId, clientId: client._id }
  const change = await changeClient(deps.store, where, all, unanswered, { changed })
  if (change) await deps.events.publish([change.event], null)
}

type Unanswered = Exclude<Awaited<ReturnType<typeof askNumber>>, { kind: 'ok' }>

/** Fields that differ and that no webhook has reported since. */
function changesOf(client: ClientDoc, facts: Fields, askedAt: Date) {
  const names = (Object.keys(facts) as (keyof Fields)[]).filter(name => {
    const topic = TOPICS[name]
    const isSame = isDeepStrictEqual(facts[name] ?? null, client[name] ?? null)
    return !isSame && (topic === undefined || isNewer(client, topic, askedAt))
  })
  const changes: Partial<ClientDoc> = Object.fromEntries(names.map(name => [name, facts[name]]))
  return { changes, changed: names as string[], topics: names.flatMap(name => TOPICS[name] ?? []) }
}

/** A refusal that concerns the token makes the check of the token due. */
function afterRefusal(result: Unanswered): Partial<ClientDoc> {
  if (result.kind !== 'refused') return {}
  const { class: kind, scope } = describeError(result.error)
  return kind === 'PAUSE' && scope === 'token' ? { nextTokenCheckAt: null } : {}
}
