import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { Tag } from '../../ui/tag.tsx'
import type { Template } from './data.ts'

const KINDS = { APPROVED: 'ok', PENDING: 'time', PAUSED: 'time', REJECTED: 'fail', DISABLED: 'fail' } as const
const REASONS = [
  'ABUSIVE_CONTENT',
  'INCORRECT_CATEGORY',
  'INVALID_FORMAT',
  'PROMOTIONAL',
  'SCAM',
  'TAG_CONTENT_MISMATCH',
] as const
const QUALITIES = ['GREEN', 'YELLOW', 'RED'] as const

export function StateTag({ template: { status } }: { template: Template }) {
  const t = useText()
  return <Tag kind={KINDS[status]}>{t(`templates.status.${status}`)}</Tag>
}

/** Why it cannot be sent, in Meta's words, and what to do; nothing for one that can. */
export function Why({ template }: { template: Template }) {
  const t = useText()
  const { status, reason, submission, submissionDetail, categoryChange } = template
  const { full } = useFormat()
  // A webhook has a sentence beside the code, a list has the code alone.
  const known = REASONS.find(one => reason?.includes(one))
  const own = reason && reason !== 'NONE' ? reason : null
  return (
    <>
      {submission !== 'SUBMITTED' && (
        <p>
          {t(`templates.submission.${submission}`)} {submissionDetail && <bdi>{submissionDetail}</bdi>}
        </p>
      )}
      {own && (
        <p>
          <Text id="templates.reason" values={{ reason: <bdi className={known === own ? 'font-mono' : undefined}>{own}</bdi> }} />
        </p>
      )}
      {known ? (
        <p>{t(`templates.cure.${known}`)}</p>
      ) : (
        status !== 'APPROVED' && submission === 'SUBMITTED' && <p>{t(`templates.todo.${status}`)}</p>
      )}
      {categoryChange && (
        <p>
          <Text
            id="templates.categoryChange"
            values={{ to: <CategoryName category={categoryChange.to} />, at: full(categoryChange.at) }}
          />
        </p>
      )}
    </>
  )
}

/** Whether `Why` has something to say. */
export const hasWhy = ({ status, reason, submission, categoryChange }: Template): boolean =>
  status !== 'APPROVED' || submission !== 'SUBMITTED' || categoryChange !== null || (reason !== null && reason !== 'NONE')

export function CategoryName({ category }: { category: string }) {
  const t = useText()
  if (category === 'MARKETING' || category === 'UTILITY' || category === 'AUTHENTICATION')
    return t(`templates.category.${category}`)
  return <bdi>{category}</bdi>
}

export function Quality({ quality }: { quality: string }) {
  const t = useText()
  const known = QUALITIES.find(one => one === quality)
  return known ? t(`templates.quality.${known}`) : t('templates.quality.UNKNOWN')
}
