import type { TemplateState } from './status.ts'

/** What of a stored template the rules of changing it look at. */
export interface ChangeableTemplate {
  status: TemplateState
  category: string
  metaTemplateId: string | null
  submission?: { state: 'UNSUBMITTED' | 'UNKNOWN' } | null
  parameterFormat: 'POSITIONAL' | 'NAMED'
  /** When it was edited while approved. */
  edits?: readonly Date[]
}

/** Where a template stands with Meta. */
export type Submission = 'SUBMITTED' | 'UNKNOWN' | 'UNSUBMITTED' | 'REGISTERED'

export interface ChangeRefusal {
  status: 409 | 422
  errorCode: string
  message: string
  retryAfterMs?: number
}

const DAY_MS = 86_400_000
const EDITS_PER_MONTH = 10

/** `UNKNOWN`: it was sent to Meta, which has not said yet. `REGISTERED`: Meta was never asked. */
export const submissionOf = ({
  metaTemplateId,
  submission,
}: Pick<ChangeableTemplate, 'metaTemplateId' | 'submission'>): Submission =>
  metaTemplateId ? 'SUBMITTED' : (submission?.state ?? 'REGISTERED')

/** People decide about a template that Meta does not manage; taking one out of use is always theirs. */
export function refuseStatus(template: ChangeableTemplate, wanted: TemplateState): ChangeRefusal | null {
  if (wanted === 'DISABLED') return null
  const submission = submissionOf(template)
  if (submission !== 'SUBMITTED' && submission !== 'UNKNOWN') return null
  return { status: 409, errorCode: 'TEMPLATE_MANAGED_BY_META', message: 'WhatsApp decides about the status of this template' }
}

/**
 * Meta's rules for a change of content or category: only approved, rejected and paused templates; an approved one keeps its
 * category and is edited once in 24 hours and ten times in 30 days. Null: Meta may be asked.
 */
export function refuseEdit(
  template: ChangeableTemplate,
  wanted: { category?: string | undefined; parameterFormat?: 'POSITIONAL' | 'NAMED' | undefined },
  now: Date,
): ChangeRefusal | null {
  const { status, category, parameterFormat } = template
  if (!['APPROVED', 'REJECTED', 'PAUSED'].includes(status))
    return {
      status: 409,
      errorCode: 'TEMPLATE_NOT_EDITABLE',
      message: `This template is ${status.toLowerCase()}: WhatsApp takes changes of approved, rejected and paused ones`,
    }
  if (status === 'APPROVED' && wanted.category !== undefined && wanted.category !== category)
    return { status: 409, errorCode: 'TEMPLATE_CATEGORY_FIXED', message: 'An approved template keeps its category' }
  if (wanted.parameterFormat !== undefined && wanted.parameterFormat !== parameterFormat)
    return {
      status: 422,
      errorCode: 'TEMPLATE_INVALID',
      message: `The variables of this template stay ${parameterFormat.toLowerCase()}`,
    }
  return status === 'APPROVED' ? refuseOften(template.edits ?? [], now) : null
}

/** The edits that count still, with one more. */
export const withEdit = (edits: readonly Date[] | undefined, now: Date): Date[] => [...recent(edits ?? [], now), now]

function refuseOften(edits: readonly Date[], now: Date): ChangeRefusal | null {
  const counted = recent(edits, now).toSorted((a, b) => a.getTime() - b.getTime())
  const last = counted.at(-1)
  const tenth = counted.at(-EDITS_PER_MONTH)
  const waits = [last ? last.getTime() + DAY_MS - now.getTime() : 0, tenth ? tenth.getTime() + 30 * DAY_MS - now.getTime() : 0]
  const retryAfterMs = Math.max(0, ...waits)
  const message = 'An approved template is edited once in 24 hours and ten times in 30 days'
  return retryAfterMs > 0 ? { status: 409, errorCode: 'TEMPLATE_EDIT_LIMIT', message, retryAfterMs } : null
}

const recent = (edits: readonly Date[], now: Date) => edits.filter(at => now.getTime() - at.getTime() < 30 * DAY_MS)
