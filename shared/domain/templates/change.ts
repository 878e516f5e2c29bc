import type { TemplateState } from './status.ts'

/** Fields of a stored template that decide whether it may be changed. */
export interface ChangeableTemplate {
  status: TemplateState
  category: string
  metaTemplateId: string | null
  submission?: { state: 'UNSUBMITTED' | 'UNKNOWN' } | null
  parameterFormat: 'POSITIONAL' | 'NAMED'
  /** Times of the edits made while the template was approved. */
  edits?: readonly Date[]
}

/** Where a template stands in its submission to Meta. */
export type Submission = 'SUBMITTED' | 'UNKNOWN' | 'UNSUBMITTED' | 'REGISTERED'

export interface ChangeRefusal {
  status: 409 | 422
  errorCode: string
  message: string
  retryAfterMs?: number
}

const DAY_MS = 86_400_000
const EDITS_PER_MONTH = 10
/** So long an edit counts. */
const EDITS_COUNT_MS = 30 * DAY_MS

/** Submission state. `UNKNOWN`: submitted, and Meta has not answered yet. `REGISTERED`: never submitted. */
export const submissionOf = ({
  metaTemplateId,
  submission,
}: Pick<ChangeableTemplate, 'metaTemplateId' | 'submission'>): Submission =>
  metaTemplateId ? 'SUBMITTED' : (submission?.state ?? 'REGISTERED')

/** Refusal of a status set by hand: Meta sets the status of submitted templates; only DISABLED may always be set here. */
export function refuseStatus(template: ChangeableTemplate, wanted: TemplateState): ChangeRefusal | null {
  if (wanted === 'DISABLED') return null
  const submission = submissionOf(template)
  if (submission !== 'SUBMITTED' && submission !== 'UNKNOWN') return null
  return {
    status: 409,
    errorCode: 'TEMPLATE_MANAGED_BY_META',
    message: 'WhatsApp sets the status of this template. Only DISABLED can be set here.',
  }
}

/**
 * Refusal of a change of content or category by Meta's rules; null if Meta may be asked. Only approved, rejected and paused
 * templates change; an approved one keeps its category and takes one edit in 24 hours and ten in 30 days.
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
      message: `This template is ${status.toLowerCase()}; only approved, rejected and paused templates can be edited.`,
    }
  if (status === 'APPROVED' && wanted.category !== undefined && wanted.category !== category)
    return {
      status: 409,
      errorCode: 'TEMPLATE_CATEGORY_FIXED',
      message: 'The category of an approved template cannot be changed. Create a new template instead.',
    }
  if (wanted.parameterFormat !== undefined && wanted.parameterFormat !== parameterFormat)
    return {
      status: 422,
      errorCode: 'TEMPLATE_INVALID',
      message: `The variables of this template are ${parameterFormat.toLowerCase()}; this cannot be changed.`,
    }
  return status === 'APPROVED' ? refuseTooManyEdits(template.edits ?? [], now) : null
}

/** Times of the edits in the last 30 days, with the one made `now`. */
export const withEdit = (edits: readonly Date[] | undefined, now: Date): Date[] => [...recent(edits ?? [], now), now]

/**
 * Earliest time at which Meta takes another edit of an approved template: a day after the last one, and 30 days after the tenth
 * before. It may have passed; null without an edit.
 * @param edits times of the edits made while the template was approved
 */
export function nextEditAt(edits: readonly Date[]): Date | null {
  const counted = edits.map(at => at.getTime()).toSorted((a, b) => a - b)
  const [last, tenth] = [counted.at(-1), counted.at(-EDITS_PER_MONTH)]
  if (last === undefined) return null
  return new Date(Math.max(last + DAY_MS, tenth === undefined ? 0 : tenth + EDITS_COUNT_MS))
}

function refuseTooManyEdits(edits: readonly Date[], now: Date): ChangeRefusal | null {
  const retryAfterMs = (nextEditAt(edits)?.getTime() ?? 0) - now.getTime()
  const message = 'An approved template can be edited once in 24 hours and ten times in 30 days. Try again later.'
  return retryAfterMs > 0 ? { status: 409, errorCode: 'TEMPLATE_EDIT_LIMIT', message, retryAfterMs } : null
}

const recent = (edits: readonly Date[], now: Date) => edits.filter(at => now.getTime() - at.getTime() < EDITS_COUNT_MS)
