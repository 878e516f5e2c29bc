import { describeError } from '#shared/domain/messages/send-errors.ts'
import { isGoneWord } from '#shared/domain/templates/status.ts'
import { type ListedTemplate, listedTemplate, mergeTemplate, newTemplate } from '#shared/fold/template-facts.ts'
import { isObject, text } from '#shared/meta/json.ts'
import { oneAtMeta, pageAtMeta, readPage, type TemplateAccess } from '#shared/meta/templates.ts'
import type { ClientDoc, Id, TemplateCounts, TemplateDoc, TemplateSyncDoc } from '#shared/model/documents.ts'
import { findTemplateSyncsDue, noteOnClient } from '#shared/store/numbers/checks.ts'
import { findSubmittedBefore, writeTemplatePage } from '#shared/store/templates/pages.ts'
import { claimSync, noteSync, requestSync } from '#shared/store/templates/syncs.ts'
import { changeTemplate, type Decide } from '#shared/store/templates/templates.ts'
import { type BackgroundDeps, inParallel, jittered } from '../numbers/background-deps.ts'
import { accessesOf } from './access.ts'
import { type Failure, isNotThere } from './refusals.ts'
import { listTime } from './submit.ts'

const BATCH = 100
const WIDTH = 3
const MOST_ATTEMPTS = 5
/** What Meta cannot say now it is asked again after this, and longer each time. */
const AGAIN_MS = 30_000
/** Of those that are missing in a list, so many are asked for by id: the next sync goes on. */
const MOST_ASKED = 200
const INVALID_CURSOR = 131059
const GONE = 'no longer at WhatsApp'

type Outcome =
  | { kind: 'done'; error: string | null }
  | { kind: 'later'; why: string; waitMs: number }
  /** This process ends, or cares no more: another goes on at once. */
  | { kind: 'stopped' }

/** Carries out orders to read Meta's templates, and gives them by itself: every `TEMPLATE_SYNC_INTERVAL`, and when a webhook names a stranger. */
export function createTemplateSync(deps: BackgroundDeps, mayGoOn: () => boolean = () => true) {
  const { store, meta, log, now } = deps

  async function check(): Promise<void> {
    await orderDue()
    await inParallel([...Array(WIDTH).keys()], WIDTH, async () => {
      for (let sync = await next(); sync !== null; sync = await next()) await run(sync)
    })
  }

  const next = async () => (mayGoOn() ? await claimSync(store, now()) : null)

  /** One order a tenant. What became due while one is carried out waits for its end. */
  async function orderDue(): Promise<void> {
    const due = await findTemplateSyncsDue(store, now(), BATCH)
    for (const clients of Map.groupBy(due, ({ tenantId }) => String(tenantId)).values()) {
      const [{ tenantId }] = clients as [ClientDoc]
      const { status } = await requestSync(store, tenantId, { trigger: 'schedule', requestedBy: null, now: now() })
      if (status === 'RUNNING') continue
      for (const client of clients)
        await noteOnClient(store, client, { nextTemplateSyncAt: jittered(now(), deps.templatesEveryMs) })
    }
  }

  async function run(sync: TemplateSyncDoc): Promise<void> {
    const work: Work = { sync, counts: { ...sync.counts }, accounts: [...sync.accounts] }
    const accesses = await accessesOf(deps, sync.tenantId)
    if (accesses.size === 0)
      return finish(work, 'No number of this tenant can be asked: none is connected, or its token cannot be read')
    for (const [wabaId, access] of accesses) {
      if (work.accounts.some(account => account.wabaId === wabaId)) continue
      const outcome = await readAccount(work, access)
      if (outcome.kind === 'later') return postpone(work, outcome)
      if (outcome.kind === 'stopped') return handOver(work)
      work.accounts.push({ wabaId, error: outcome.error })
      await progress(work)
    }
    const errors = work.accounts.flatMap(({ wabaId, error }) => (error ? [`${wabaId}: ${error}`] : []))
    return finish(work, errors.length > 0 ? errors.join('; ') : null)
  }

  /** Page after page; what is missing in a list that was read to its end is asked for by id before it counts as gone. */
  async function readAccount(work: Work, access: TemplateAccess): Promise<Outcome> {
    const place = { tenantId: work.sync.tenantId, wabaId: access.client.wabaId }
    const startedAt = now()
    const seen = new Set<string>()
    let after: string | null = null
    for (let restarts = 0; ; ) {
      const askedAt = listTime(now())
      const result = await pageAtMeta(meta, access, after)
      if (result.kind === 'refused' && result.error.code === INVALID_CURSOR && restarts++ < 3) {
        after = null
        continue
      }
      if (result.kind !== 'ok') return outcomeOf(result)
      if (!Array.isArray(result.data.data)) return { kind: 'done', error: 'the answer holds no list' }
      const page = readPage(result.data)
      for (const row of page.rows) seen.add((isObject(row) && text(row.id)) || '')
      await writePage(work, place, page.rows, askedAt)
      if (page.after === null || page.after === after) break
      if (!mayGoOn()) return { kind: 'stopped' }
      after = page.after
    }
    await dropGone(work, access, place, { seen, startedAt })
    return { kind: 'done', error: null }
  }

  async function writePage(work: Work, place: Place, rows: unknown[], askedAt: Date): Promise<void> {
    const listed = rows.map(listedTemplate).filter(one => one !== null)
    const { added, changed, events } = await writeTemplatePage<ListedTemplate>(store, place, {
      listed,
      keyOf: one => one,
      added: one => newTemplate(one, askedAt),
      changed: (template, one) => mergeTemplate(template, one, askedAt),
    })
    await deps.events.publish(events, null)
    work.counts.read += rows.length
    work.counts.added += added
    work.counts.changed += changed
    await progress(work)
  }

  async function dropGone(
    work: Work,
    access: TemplateAccess,
    place: Place,
    { seen, startedAt }: { seen: Set<string>; startedAt: Date },
  ): Promise<void> {
    let left = MOST_ASKED
    for (let after: Id | null = null; left > 0; ) {
      const rows: TemplateDoc[] = await findSubmittedBefore(store, place, { before: startedAt, after, limit: BATCH })
      for (const template of rows) {
        if (template.metaTemplateId ? seen.has(template.metaTemplateId) : !isForgotten(template, startedAt)) continue
        if (left-- <= 0) break
        if (await dropOne(access, template, startedAt)) work.counts.gone++
      }
      after = rows.at(-1)?._id ?? null
      if (rows.length < BATCH) break
      await progress(work)
    }
  }

  /** @returns whether it is gone. Who cannot say is asked again by the next sync. */
  async function dropOne(access: TemplateAccess, template: TemplateDoc, startedAt: Date): Promise<boolean> {
    const still =
      (changes: Partial<TemplateDoc>): Decide =>
      current =>
        current.updatedAt < startedAt ? changes : null
    if (!template.metaTemplateId) {
      const submission = { state: 'UNSUBMITTED' as const, at: now(), detail: 'WhatsApp does not have it' }
      await change(template, still({ submission }))
      return false
    }
    const result = await oneAtMeta(meta, access, template.metaTemplateId)
    const isGone = isNotThere(result) || (result.kind === 'ok' && isGoneWord(text(result.data.status)))
    return isGone && (await change(template, still({ status: 'DISABLED', reason: GONE })))
  }

  async function change(template: TemplateDoc, decide: Decide): Promise<boolean> {
    const done = await changeTemplate(store, template, decide)
    if (done?.event) await deps.events.publish([done.event], null)
    return done !== null
  }

  const progress = ({ sync, counts, accounts }: Work) => noteSync(store, sync, { counts, accounts }, now())

  async function postpone(work: Work, { why, waitMs }: { why: string; waitMs: number }): Promise<void> {
    const { sync, counts, accounts } = work
    if (sync.attempts >= MOST_ATTEMPTS) return finish(work, why)
    const dueAt = new Date(now().getTime() + Math.max(waitMs, AGAIN_MS * sync.attempts))
    await noteSync(store, sync, { status: 'PENDING', error: why, counts, accounts, dueAt, heldUntil: null }, now())
  }

  /** Not a try of its own. */
  async function handOver({ sync, counts, accounts }: Work): Promise<void> {
    const attempts = sync.attempts - 1
    await noteSync(store, sync, { status: 'PENDING', attempts, counts, accounts, dueAt: now(), heldUntil: null }, now())
  }

  async function finish({ sync, counts, accounts }: Work, error: string | null): Promise<void> {
    const status = error === null ? 'DONE' : 'FAILED'
    await noteSync(store, sync, { status, isOpen: false, error, counts, accounts, heldUntil: null }, now())
    const about = { tenantId: String(sync.tenantId), sync: sync._id, attempts: sync.attempts, ...counts }
    if (error === null) log.info(about, 'templates read')
    else log.warn({ ...about, why: error }, 'templates not read')
  }

  return { check }
}

interface Work {
  sync: TemplateSyncDoc
  counts: TemplateCounts
  accounts: TemplateSyncDoc['accounts']
}
type Place = Pick<TemplateDoc, 'tenantId' | 'wabaId'>

const SUBMISSION_MS = 60_000

/** Sent to Meta some time before the list was asked for, which did not hold it. */
const isForgotten = ({ submission }: TemplateDoc, startedAt: Date) =>
  submission?.state === 'UNKNOWN' && startedAt.getTime() - submission.at.getTime() > SUBMISSION_MS

function outcomeOf(failure: Failure): Outcome {
  if (failure.kind !== 'refused')
    return { kind: 'later', why: failure.why, waitMs: (failure.kind === 'unsent' && failure.retryAfterMs) || 0 }
  const { class: kind, sentence, detail, waitS } = describeError(failure.error)
  const why = detail ?? sentence
  if (kind !== 'RETRY' && kind !== 'RETRY_LATER') return { kind: 'done', error: why }
  return { kind: 'later', why, waitMs: Math.max(failure.retryAfterMs, (waitS ?? 0) * 1000) }
}
