import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { NoRight } from '../../ui/no-right.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { campaignQuery } from './data.ts'
import { Live } from './live/live.tsx'
import { DraftSteps } from './new/draft-steps.tsx'

/** A draft, step by step, or a campaign that has been started. */
export default function CampaignPage() {
  const t = useText()
  const { campaignId } = useParams({ from: '/shell/campaigns/$campaignId' })
  const mayRead = useMay('campaigns.read')
  const { data: campaign, error, refetch } = useQuery({ ...campaignQuery(campaignId), enabled: mayRead })
  const name = campaign?.name
  useEffect(() => {
    document.title = `${name ?? t('app.nav.campaigns')} · Linko`
  })
  if (!mayRead) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[80rem] content-start gap-5 p-5 max-two:p-3">
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('campaigns.one.failed')}
        </ErrorRow>
      )}
      {!campaign && !error && <Bone width="100%" height="12rem" />}
      {campaign?.status === 'DRAFT' && <DraftSteps campaign={campaign} />}
      {campaign && campaign.status !== 'DRAFT' && <Live campaign={campaign} />}
    </div>
  )
}
