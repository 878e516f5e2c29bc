import { describeError } from '#shared/domain/messages/send-errors.ts'
import { type ListedTemplate, listedTemplate, mergeTemplate, newTemplate } from '#shared/fold/account/template-facts.ts'
import type { GraphResult } from '#shared/meta/client.ts'
import { isObject, text } from '#shared/meta/json.ts'
import { pageAtMeta, readPage, type TemplateAccess } from '#shared/meta/templates.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { writeTemplatePage } from '#shared/store/templates/pages.ts'
import type { Failure } from '../meta-failure.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'
import { disableGone } from './disable-gone.ts'
import { listTime } from './submit.ts'
import { type Account, accountOf, noteProgress, type SyncWork } from './sync-work.ts'

/** How reading an account ended. */
export type AccountOutcome =
  | { kind: 'done'; error: string | null }
  | { kind: 'later'; why: string; waitMs: number }
  /** Stopped between two pages, because the process stops or has lost its lease. */
  | { kind: 'stopped' }

type Pages = { kind: 'read'; seen: Set<string> } | AccountOutcome

const INVALID_CURSOR = 131059
const MOST_RESTARTS = 3

/** Reads an account's templates from Meta and disables those that Meta no longer has. @throws Outage */
export async function readAccount(
  deps: BackgroundDeps,
  work: SyncWork,
  access: TemplateAccess,
  mayGoOn: MayGoOn,
): Promise<AccountOutcome> {
  const startedAt = deps.now()
  const pages = await readPages(deps, work, access, mayGoOn)
  if (pages.kind !== 'read') return pages
  await disableGone(deps, work, access, { seen: pages.seen, startedAt })
  return { kind: 'done', error: null }
}

/** Reads and writes page after page; starts at the first page again when the cursor has become invalid. */
async function readPages(deps: BackgroundDeps, work: SyncWork, access: TemplateAccess, mayGoOn: MayGoOn): Promise<Pages> {
  const account = accountOf(work, access)
  const seen = new Set<string>()
  let [after, restarts]: [string | null, number] = [null, 0]
  for (;;) {
    const askedAt = listTime(deps.now())
    const result = await pageAtMeta(deps.meta, access, after)
    if (isInvalidCursor(result) && restarts++ < MOST_RESTARTS) {
      after = null
      continue
    }
    if (result.kind !== 'ok') return outcomeOf(deps, account, result)
    if (!Array.isArray(result.data.data)) return { kind: 'done', error: 'The response of WhatsApp contains no list of templates' }
    const page = readPage(result.data)
    for (const row of page.rows) seen.add((isObject(row) && text(row.id)) || '')
    await writePage(deps, work, account, page.rows, askedAt)
    if (page.after === null || page.after === after) return { kind: 'read', seen }
    if (!mayGoOn()) return { kind: 'stopped' }
    after = page.after
  }
}

const isInvalidCursor = (result: GraphResult) => result.kind === 'refused' && result.error.code === INVALID_CURSOR

async function writePage(deps: BackgroundDeps, work: SyncWork, account: Account, rows: unknown[], askedAt: Date): Promise<void> {
  const listed = rows.map(listedTemplate).filter(one => one !== null)
  const { added, changed, events } = await writeTemplatePage<ListedTemplate>(deps.store, account, {
    listed,
    keyOf: one => one,
    added: one => newTemplate(one, askedAt),
    changed: (template, one) => mergeTemplate(template, one, askedAt),
  })
  await deps.events.publish(events, null)
  work.counts.read += rows.length
  work.counts.added += added
  work.counts.changed += changed
  await noteProgress(deps, work)
}

/** The outcome keeps Meta's words for the tenant; the log has its codes only. */
function outcomeOf({ log }: BackgroundDeps, { tenantId, wabaId }: Account, failure: Failure): AccountOutcome {
  const code = failure.kind === 'refused' ? failure.error.code : failure.why
  log.warn(
    { tenantId: String(tenantId), wabaId, outcome: failure.kind, code, traceId: failure.traceId },
    'template list not read',
  )
  if (failure.kind !== 'refused')
    return { kind: 'later', why: failure.why, waitMs: (failure.kind === 'unsent' && failure.retryAfterMs) || 0 }
  const { class: kind, sentence, detail, waitS } = describeError(failure.error)
  const why = detail ?? sentence
  if (kind !== 'RETRY' && kind !== 'RETRY_LATER') return { kind: 'done', error: why }
  return { kind: 'later', why, waitMs: Math.max(failure.retryAfterMs, (waitS ?? 0) * 1000) }
}
