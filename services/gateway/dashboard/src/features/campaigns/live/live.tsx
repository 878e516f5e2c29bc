import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { FailIcon, Icon, PauseIcon, PlayIcon } from '../../../ui/icons.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { type Campaign, type Move, moveCampaign, useCampaignChange } from '../data.ts'
import { Head } from '../head.tsx'
import { ProgressBar, sentOf } from '../progress.tsx'
import { StateTag, useReason } from '../state.tsx'
import { Failures } from './failures.tsx'
import { Rate, useRate } from './rate.tsx'
import { Recipients } from './recipients.tsx'
import { Ways } from './ways.tsx'

/** A campaign that has been started: how far it is, how fast, what holds it back, who got nothing and why. */
export function Live({ campaign }: { campaign: Campaign }) {
  const { name, status, template, counts } = campaign
  const samples = useRate(campaign)
  return (
    <>
      <Head
        title={<bdi>{name}</bdi>}
        under={
          <>
            <bdi dir="ltr" className="font-mono">
              {template.name}
            </bdi>{' '}
            · <bdi dir="ltr">{template.language}</bdi>
          </>
        }
      >
        <StateTag status={status} />
        <Moves campaign={campaign} />
      </Head>
      <Held campaign={campaign} />
      <section className="grid gap-2" data-campaign={status}>
        <Progress campaign={campaign} perSecond={samples.now} />
        <ProgressBar counts={counts} tall />
      </section>
      <div className="grid grid-cols-2 gap-8 max-three:grid-cols-1">
        <Ways counts={counts} />
        <Rate campaign={campaign} samples={samples} />
      </div>
      <Failures campaign={campaign} />
      <Recipients campaign={campaign} />
    </>
  )
}

function Progress({ campaign, perSecond }: { campaign: Campaign; perSecond: number | null }) {
  const { counts, status, startedAt, startAt, endedAt } = campaign
  const { number, seconds, full, duration } = useFormat()
  const left = counts.pending + counts.queued
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
      <p className="text-figure">
        <Text id="campaigns.sentOf" values={{ sent: number(sentOf(counts)), all: number(counts.recipients) }} />
      </p>
      <p className="text-meta text-ink-3">
        {status === 'SCHEDULED' && startAt && <Text id="campaigns.startsAt" values={{ at: full(startAt) }} />}
        {status !== 'SCHEDULED' && startedAt && !endedAt && <Text id="campaigns.startedAt" values={{ at: seconds(startedAt) }} />}
        {endedAt && <Text id="campaigns.endedAt" values={{ at: full(endedAt) }} />}
        {status === 'RUNNING' && perSecond !== null && perSecond > 0 && left > 0 && (
          <>
            {' · '}
            <b className="weight-name text-time">
              <Text id="campaigns.doneIn" values={{ time: duration(Math.max(1, left / perSecond) * 1000) }} />
            </b>
          </>
        )}
      </p>
    </div>
  )
}

function Moves({ campaign: { id, name, status } }: { campaign: Campaign }) {
  const t = useText()
  const mayWrite = useMay('campaigns.write')
  const [isAsked, setAsked] = useState(false)
  const move = useCampaignChange(moveCampaign)
  if (!mayWrite) return null
  // An event may tell of the pause before its answer: *Resume* takes a click at once.
  const isMoving = (to: Move) => move.isPending && move.variables.to === to
  const canPause = status === 'RUNNING' || status === 'SCHEDULED'
  return (
    <>
      {canPause && (
        <Button icon={PauseIcon} busy={isMoving('pause')} onClick={() => move.mutate({ id, to: 'pause' })}>
          {t('campaigns.pause')}
        </Button>
      )}
      {status === 'PAUSED' && (
        <Button kind="primary" icon={PlayIcon} busy={isMoving('resume')} onClick={() => move.mutate({ id, to: 'resume' })}>
          {t('campaigns.resume')}
        </Button>
      )}
      {(canPause || status === 'PAUSED') && (
        <Button kind="quiet" onClick={() => setAsked(true)}>
          {t('campaigns.cancel')}
        </Button>
      )}
      {!isAsked && <Refused error={move.error} />}
      {isAsked && (
        <Dialog
          title={t('campaigns.cancel.title', { name })}
          onClose={() => setAsked(false)}
          footer={
            <>
              <Button onClick={() => setAsked(false)}>{t('campaigns.cancel.not')}</Button>
              <Button
                kind="danger"
                busy={isMoving('cancel')}
                onClick={() => move.mutate({ id, to: 'cancel' }, { onSuccess: () => setAsked(false) })}
              >
                {t('campaigns.cancel.sure')}
              </Button>
            </>
          }
        >
          <p>{t('campaigns.cancel.text')}</p>
          <Refused error={move.error} />
        </Dialog>
      )}
    </>
  )
}

/** What keeps it from sending: its own pause, or that of its number. */
function Held({ campaign }: { campaign: Campaign }) {
  const t = useText()
  const navigate = useNavigate()
  const reason = useReason(campaign)
  const number = useNumbers()?.find(({ id }) => id === campaign.clientId)
  const isNumberHeld = number !== undefined && number.status !== 'active'
  const isOver = campaign.status === 'DONE' || campaign.status === 'CANCELLED'
  if (campaign.status !== 'PAUSED' && (isOver || !isNumberHeld)) return null
  return (
    <div role="status" className="grid gap-1 rounded-2 bg-time-soft px-3 py-2">
      {campaign.status === 'PAUSED' && (
        <p className="flex gap-2">
          <Icon of={PauseIcon} className="text-time" />
          <span>
            {t('campaigns.held.paused')} {reason && <bdi>{reason}</bdi>}
          </span>
        </p>
      )}
      {isNumberHeld && (
        <p className="flex flex-wrap items-center gap-2">
          <Icon of={FailIcon} className="text-fail" />
          <span>{t('campaigns.held.number')}</span>
          <Button small onClick={() => void navigate({ to: '/numbers' })}>
            {t('campaigns.held.number.open')}
          </Button>
        </p>
      )}
    </div>
  )
}
