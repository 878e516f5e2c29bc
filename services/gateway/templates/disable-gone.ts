import { isDeletedStatus } from '#shared/domain/templates/status.ts'
import { text } from '#shared/meta/json.ts'
import { oneAtMeta, type TemplateAccess } from '#shared/meta/templates.ts'
import type { Id, TemplateDoc } from '#shared/model/documents.ts'
import { findSubmittedBefore } from '#shared/store/templates/pages.ts'
import { changeTemplate } from '#shared/store/templates/templates.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'
import { isNotThere } from './refusals.ts'
import { accountOf, noteProgress, type SyncWork } from './sync-work.ts'

const BATCH = 100
/** Missing templates that are asked for by id in one sync; the next sync asks for the others. */
const MOST_ASKED = 200
/** A template that was submitted this long before the list was read, and is not in it, did not reach Meta. */
const SUBMISSION_MS = 60_000
const GONE = 'no longer at WhatsApp'

export interface ListRead {
  /** Meta's ids in the list, which was read to its end. */
  seen: ReadonlySet<string>
  startedAt: Date
}

/**
 * Disables templates that are missing in Meta's list. Each is asked for by id first, because a list may shift while it is read.
 */
export async function disableGone(deps: BackgroundDeps, work: SyncWork, access: TemplateAccess, list: ListRead): Promise<void> {
  const account = accountOf(work, access)
  let asked = 0
  for (let after: Id | null = null; asked < MOST_ASKED; ) {
    const rows: TemplateDoc[] = await findSubmittedBefore(deps.store, account, { before: list.startedAt, after, limit: BATCH })
    const missing = rows.filter(template => isMissing(template, list)).slice(0, MOST_ASKED - asked)
    for (const template of missing) if (await disableIfGone(deps, access, template, list.startedAt)) work.counts.gone++
    asked += missing.length
    after = rows.at(-1)?._id ?? null
    if (rows.length < BATCH) break
    await noteProgress(deps, work)
  }
}

function isMissing({ metaTemplateId, submission }: TemplateDoc, { seen, startedAt }: ListRead): boolean {
  if (metaTemplateId) return !seen.has(metaTemplateId)
  return submission?.state === 'UNKNOWN' && startedAt.getTime() - submission.at.getTime() > SUBMISSION_MS
}

/** @returns whether it was disabled. If Meta does not answer, the next sync asks again. */
async function disableIfGone(
  deps: BackgroundDeps,
  access: TemplateAccess,
  template: TemplateDoc,
  startedAt: Date,
): Promise<boolean> {
  if (!template.metaTemplateId) {
    const submission = { state: 'UNSUBMITTED' as const, at: deps.now(), detail: 'WhatsApp does not have this template' }
    await changeUntouched(deps, template, { submission }, startedAt)
    return false
  }
  const result = await oneAtMeta(deps.meta, access, template.metaTemplateId)
  const isGone = isNotThere(result) || (result.kind === 'ok' && isDeletedStatus(text(result.data.status)))
  return isGone && (await changeUntouched(deps, template, { status: 'DISABLED', reason: GONE }, startedAt))
}

/** Changes a template that nobody has changed since the list was asked for. */
async function changeUntouched(
  deps: BackgroundDeps,
  template: TemplateDoc,
  changes: Partial<TemplateDoc>,
  startedAt: Date,
): Promise<boolean> {
  const done = await changeTemplate(deps.store, template, current => (current.updatedAt < startedAt ? changes : null))
  if (done?.event) await deps.events.publish([done.event], null)
  return done !== null
}
