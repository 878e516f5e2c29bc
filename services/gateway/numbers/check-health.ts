import { describeError } from '#shared/domain/messages/send-errors.ts'
import { isNewer, withEventTimes } from '#shared/fold/number-effects.ts'
import type { Refused } from '#shared/meta/client.ts'
import { askNumber, type NumberFacts, readNumber } from '#shared/meta/number-fields.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { findHealthDue, noteOnClient } from '#shared/store/numbers/checks.ts'
import { changeClient } from '#shared/store/numbers/clients.ts'
import { type BackgroundDeps, inParallel, jittered } from './background-deps.ts'
import { tokenOf } from './check-tokens.ts'

const BATCH = 100
const WIDTH = 4
const AGAIN_MS = 5 * 60_000

/** Topics under which webhooks tell the same: of two words the newer counts. */
const TOPICS: Partial<Record<keyof NumberFacts, string>> = {
  throughput: 'throughput',
  messagingLimit: 'limit',
  verifiedName: 'name',
}

/** Reads what Meta says of each number about every hour, and at once after a resume; what differs is written and told. */
export function createHealthChecks(deps: BackgroundDeps) {
  const { store, meta, version, keyring, log, now } = deps

  async function check(): Promise<void> {
    await inParallel(await findHealthDue(store, now(), BATCH), WIDTH, checkOne)
  }

  async function checkOne(client: ClientDoc): Promise<void> {
    const token = tokenOf(keyring, client)
    if (token === null)
      return void (await noteOnClient(store, client, { nextHealthCheckAt: jittered(now(), deps.healthEveryMs) }))
    const askedAt = now()
    const result = await askNumber(meta, version, client, token)
    if (result.kind === 'ok') return apply(client, readNumber(result.data), askedAt)
    await noteOnClient(store, client, { nextHealthCheckAt: jittered(now(), AGAIN_MS), ...afterRefusal(result) })
    const clientId = String(client._id)
    log.warn({ tenantId: String(client.tenantId), clientId, why: result.kind }, 'fields of a number not read')
  }

  async function apply(client: ClientDoc, facts: NumberFacts, askedAt: Date): Promise<void> {
    const { changes, changed, topics } = newsOf(client, facts, askedAt)
    const checked = { healthCheckedAt: askedAt, nextHealthCheckAt: jittered(now(), deps.healthEveryMs) }
    if (changed.length === 0) return void (await noteOnClient(store, client, checked))
    // A webhook that came meanwhile knows better: then this round changes nothing, and the next one asks again.
    const unanswered = { lastEventAt: client.lastEventAt ?? null }
    const all = { ...changes, ...checked, lastEventAt: withEventTimes(client, topics, askedAt) }
    const where = { tenantId: client.tenantId, clientId: client._id }
    const change = await changeClient(store, where, all, unanswered, { changed })
    if (change) await deps.events.publish([change.event], null)
  }

  return { check }
}

/** Only what differs and is not older than what a webhook told. */
function newsOf(client: ClientDoc, facts: NumberFacts, askedAt: Date) {
  const names = (Object.keys(facts) as (keyof NumberFacts)[]).filter(name => {
    const topic = TOPICS[name]
    return (facts[name] ?? null) !== (client[name] ?? null) && (topic === undefined || isNewer(client, topic, askedAt))
  })
  const changes: Partial<ClientDoc> = Object.fromEntries(names.map(name => [name, facts[name]]))
  return { changes, changed: names as string[], topics: names.flatMap(name => TOPICS[name] ?? []) }
}

/** What is refused for its token is a matter for the token's check. */
function afterRefusal(result: { kind: string } | Refused): Partial<ClientDoc> {
  if (result.kind !== 'refused') return {}
  const { class: kind, scope } = describeError((result as Refused).error)
  return kind === 'PAUSE' && scope === 'token' ? { nextTokenCheckAt: null } : {}
}
