import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Bone } from '../../../ui/states.tsx'
import { type Campaign, deleteDraft, templateQuery, useCampaignChange } from '../data.ts'
import { Head } from '../head.tsx'
import type { Step } from '../search.ts'
import { AudienceStep } from './audience-step.tsx'
import { EstimateStep } from './estimate-step.tsx'
import { FirstMessage } from './first-message.tsx'
import { ScheduleStep } from './schedule-step.tsx'
import { Steps } from './steps.tsx'

/** The step of the address, as far as the draft has come. */
function stepOf(wanted: Step | undefined, { audience }: Campaign): Exclude<Step, 'template'> {
  if (audience.state !== 'READY' || wanted === 'audience' || wanted === 'template') return 'audience'
  return wanted ?? 'estimate'
}

/** What is left to say before a campaign can start: who gets it, what it will cost, when. */
export function DraftSteps({ campaign }: { campaign: Campaign }) {
  const search = useSearch({ from: '/shell/campaigns/$campaignId' })
  const navigate = useNavigate({ from: '/campaigns/$campaignId' })
  const mayWrite = useMay('campaigns.write')
  const { data: template } = useQuery(templateQuery(campaign.template.id))
  const step = stepOf(search.step, campaign)
  const go = (to: Step) => void navigate({ search: { step: to } })
  return (
    <>
      <Head
        title={<bdi>{campaign.name}</bdi>}
        under={
          <>
            <bdi dir="ltr" className="font-mono">
              {campaign.template.name}
            </bdi>{' '}
            · <bdi dir="ltr">{campaign.template.language}</bdi>
          </>
        }
      >
        {mayWrite && <Discard campaign={campaign} />}
      </Head>
      <Steps now={step} />
      <div className="grid grid-cols-[minmax(0,1fr)_20rem] gap-8 max-three:grid-cols-1">
        <div className="min-w-0">
          {!template && <Bone width="100%" height="12rem" />}
          {template && step === 'audience' && (
            <AudienceStep campaign={campaign} template={template} onDone={() => go('estimate')} />
          )}
          {step === 'estimate' && (
            <EstimateStep campaign={campaign} onBack={() => go('audience')} onDone={() => go('schedule')} />
          )}
          {step === 'schedule' && <ScheduleStep campaign={campaign} onBack={() => go('estimate')} />}
        </div>
        {template && <FirstMessage campaign={campaign} template={template} />}
      </div>
    </>
  )
}

function Discard({ campaign: { id, name } }: { campaign: Campaign }) {
  const t = useText()
  const navigate = useNavigate()
  const [isAsked, setAsked] = useState(false)
  const discard = useCampaignChange(deleteDraft)
  return (
    <>
      <Button kind="quiet" onClick={() => setAsked(true)}>
        {t('campaigns.discard')}
      </Button>
      {isAsked && (
        <Dialog
          title={t('campaigns.discard.title', { name })}
          onClose={() => setAsked(false)}
          footer={
            <>
              <Button onClick={() => setAsked(false)}>{t('ui.cancel')}</Button>
              <Button
                kind="danger"
                busy={discard.isPending}
                onClick={() => discard.mutate(id, { onSuccess: () => void navigate({ to: '/campaigns' }) })}
              >
                {t('campaigns.discard')}
              </Button>
            </>
          }
        >
          <p>{t('campaigns.discard.text')}</p>
          <Refused error={discard.error} />
        </Dialog>
      )}
    </>
  )
}
