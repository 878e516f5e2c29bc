import { useState } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { type Campaign, changeDraft, startCampaign, useCampaignChange } from '../data.ts'

/** From so many recipients on, their number is typed before it goes out. */
const TYPED_FROM = 1000
const MOST_PER_MINUTE = 100_000

/** Time of a field in the zone of the browser, as the API takes it. */
const isoOf = (local: string) => new Date(local).toISOString()

/** When it goes out, how fast, and until when; the last question before it does. */
export function ScheduleStep({ campaign, onBack }: { campaign: Campaign; onBack(): void }) {
  const t = useText()
  const [when, setWhen] = useState<'now' | 'later'>('now')
  const [startAt, setStartAt] = useState('')
  const [endsAt, setEndsAt] = useState('')
  const [perMinute, setPerMinute] = useState(campaign.perMinute === null ? '' : String(campaign.perMinute))
  const [isAsked, setAsked] = useState(false)
  return (
    <form
      className="grid max-w-[34rem] gap-4"
      onSubmit={event => {
        event.preventDefault()
        setAsked(true)
      }}
    >
      <fieldset className="flex flex-wrap gap-x-6 gap-y-2">
        <legend className="weight-name mb-1">{t('campaigns.when')}</legend>
        {(['now', 'later'] as const).map(one => (
          <label key={one} className="inline-flex items-center gap-2">
            <input type="radio" name="when" checked={when === one} onChange={() => setWhen(one)} />
            {t(`campaigns.when.${one}`)}
          </label>
        ))}
      </fieldset>
      {when === 'later' && (
        <Field label={t('campaigns.startAt')} hint={t('campaigns.zone', { zone: zoneOfBrowser() })}>
          {ids => (
            <Input {...ids} required type="datetime-local" value={startAt} onChange={event => setStartAt(event.target.value)} />
          )}
        </Field>
      )}
      <Field label={t('campaigns.endsAt')} hint={t('campaigns.endsAt.hint')}>
        {ids => <Input {...ids} type="datetime-local" value={endsAt} onChange={event => setEndsAt(event.target.value)} />}
      </Field>
      <Field label={t('campaigns.perMinute')} hint={t('campaigns.perMinute.hint')}>
        {ids => (
          <Input
            {...ids}
            type="number"
            min={1}
            max={MOST_PER_MINUTE}
            value={perMinute}
            onChange={event => setPerMinute(event.target.value)}
          />
        )}
      </Field>
      <footer className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
        <p className="text-ink-2">{t('campaigns.nothingSent')}</p>
        <div className="flex gap-2">
          <Button onClick={onBack}>{t('campaigns.back')}</Button>
          <Button type="submit" kind="primary">
            {t(when === 'now' ? 'campaigns.send' : 'campaigns.schedule')}
          </Button>
        </div>
      </footer>
      {isAsked && (
        <Confirm
          campaign={campaign}
          startAt={when === 'later' ? isoOf(startAt) : null}
          change={{ perMinute: perMinute === '' ? null : Number(perMinute), endsAt: endsAt === '' ? null : isoOf(endsAt) }}
          onClose={() => setAsked(false)}
        />
      )}
    </form>
  )
}

const zoneOfBrowser = () => Intl.DateTimeFormat().resolvedOptions().timeZone

interface ConfirmProps {
  campaign: Campaign
  startAt: string | null
  change: { perMinute: number | null; endsAt: string | null }
  onClose(): void
}

function Confirm({ campaign, startAt, change, onClose }: ConfirmProps) {
  const t = useText()
  const { number, full } = useFormat()
  const [typed, setTyped] = useState('')
  const fix = useCampaignChange(changeDraft)
  const start = useCampaignChange(startCampaign)
  const { recipients } = campaign.audience
  const isTyped = recipients < TYPED_FROM || typed.replace(/\D/g, '') === String(recipients)
  const isOther = change.perMinute !== campaign.perMinute || change.endsAt !== campaign.endsAt
  const submit = async () => {
    if (isOther) await fix.mutateAsync({ id: campaign.id, ...change })
    start.mutate({ id: campaign.id, expectedRecipients: recipients, ...(startAt && { startAt }) })
  }
  return (
    <Dialog
      title={t('campaigns.confirm', { n: recipients, count: number(recipients), name: campaign.name })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind="primary"
            disabled={!isTyped}
            busy={fix.isPending || start.isPending}
            onClick={() => void submit().catch(() => undefined)}
          >
            {t(startAt ? 'campaigns.schedule' : 'campaigns.send')}
          </Button>
        </>
      }
    >
      <p>{startAt ? t('campaigns.confirm.later', { at: full(startAt) }) : t('campaigns.confirm.now')}</p>
      {recipients >= TYPED_FROM && (
        <Field label={t('campaigns.confirm.type', { count: number(recipients) })}>
          {ids => (
            <Input
              {...ids}
              data-autofocus
              inputMode="numeric"
              autoComplete="off"
              value={typed}
              onChange={event => setTyped(event.target.value)}
            />
          )}
        </Field>
      )}
      <Refused error={fix.error ?? start.error} />
    </Dialog>
  )
}
