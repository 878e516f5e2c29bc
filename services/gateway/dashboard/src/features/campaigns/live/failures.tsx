import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { sayFailure } from '../../../lib/server/say.ts'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { CodeAndStep } from '../../../ui/code-and-step.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { ErrorRow } from '../../../ui/states.tsx'
import { type Campaign, type Failure, failuresQuery, rerunCampaign, saveReport, useCampaignChange } from '../data.ts'
import { useQuick } from '../new/use-quick.ts'

/** Why messages failed, with what to do; those of a reason can be sent to again once the campaign has ended. */
export function Failures({ campaign }: { campaign: Campaign }) {
  const t = useText()
  const { id, counts, audience, status } = campaign
  const { data, error, refetch } = useQuery({ ...failuresQuery(campaign), enabled: counts.failed > 0 })
  const save = useQuick(saveReport)
  const hasLeft = counts.failed + counts.skipped + audience.invalid + audience.duplicate + audience.optedOut > 0
  const isOver = status === 'DONE' || status === 'CANCELLED'
  if (!hasLeft) return null
  return (
    <section className="grid gap-2">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h2>
          {counts.failed > 0 ? <Text id="campaigns.failures" values={{ n: counts.failed }} /> : t('campaigns.failures.none')}
        </h2>
        <div className="flex flex-wrap gap-2">
          <Button small busy={save.isPending} onClick={() => save.mutate({ id, which: 'failures' })}>
            {t('campaigns.failures.save')}
          </Button>
        </div>
      </header>
      <Refused error={save.error} />
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('campaigns.failures.failed')}
        </ErrorRow>
      )}
      {data && data.length > 0 && (
        <ul className="border-b border-line">
          {data.map(failure => (
            <Reason
              key={`${failure.code} ${failure.sentence}`}
              campaign={campaign}
              failure={failure}
              canRerun={isOver && failure.code !== null}
            />
          ))}
        </ul>
      )}
    </section>
  )
}

function Reason({ campaign: { id }, failure, canRerun }: { campaign: Campaign; failure: Failure; canRerun: boolean }) {
  const t = useText()
  const navigate = useNavigate()
  const { number } = useFormat()
  const mayWrite = useMay('campaigns.write')
  const key = useRepeatKey()
  const rerun = useCampaignChange(rerunCampaign)
  const { code, count } = failure
  const { sentence, nextStep } = sayFailure(failure)
  const again = () =>
    code !== null &&
    rerun.mutate(
      { id, codes: [code], key: key.current() },
      {
        onSuccess: draft => void navigate({ to: '/campaigns/$campaignId', params: { campaignId: draft.id }, search: {} }),
        onError: key.onError,
      },
    )
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto_auto] items-center gap-x-4 gap-y-1 border-t border-line py-2 max-two:grid-cols-[minmax(0,1fr)_auto]">
      <div>
        <p dir="auto">{sentence}</p>
        <p className="text-meta text-ink-3">
          <CodeAndStep code={code} nextStep={nextStep} />
        </p>
        <Refused error={rerun.error} />
      </div>
      <p className="figures">{number(count)}</p>
      {canRerun && mayWrite && (
        <Button small busy={rerun.isPending} onClick={again}>
          {t('campaigns.rerun')}
        </Button>
      )}
    </li>
  )
}
