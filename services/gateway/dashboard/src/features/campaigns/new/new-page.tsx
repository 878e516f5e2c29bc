import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { Field, Input, Select } from '../../../ui/field.tsx'
import { TemplatesIcon } from '../../../ui/icons.tsx'
import { NoRight } from '../../../ui/no-right.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { approvedQuery, createDraft, type Template, useCampaignChange } from '../data.ts'
import { Head } from '../head.tsx'
import { Arrival, headerFileOf } from './arrival.tsx'
import { Steps } from './steps.tsx'

const MOST_NAME = 200

/** What is sent, and from which number. Ends with a draft. */
export default function NewCampaignPage() {
  const t = useText()
  const mayWrite = useMay('campaigns.write')
  const { data: templates, error, refetch } = useQuery({ ...approvedQuery, enabled: mayWrite })
  useEffect(() => {
    document.title = `${t('campaigns.new')} · Linko`
  })
  if (!mayWrite) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[80rem] content-start gap-5 p-5 max-two:p-3">
      <Head title={t('campaigns.new')} />
      <Steps now="template" />
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('campaigns.templates.failed')}
        </ErrorRow>
      )}
      {!templates && !error && <Bone width="100%" height="12rem" />}
      {templates?.length === 0 && (
        <Empty
          icon={TemplatesIcon}
          title={t('campaigns.templates.none')}
          text={t('campaigns.templates.none.text')}
          action={<Link to="/templates">{t('app.nav.templates')}</Link>}
        />
      )}
      {templates && templates.length > 0 && <TemplateForm templates={templates} />}
    </div>
  )
}

function TemplateForm({ templates }: { templates: readonly Template[] }) {
  const t = useText()
  const navigate = useNavigate()
  const numbers = useNumbers() ?? []
  const [name, setName] = useState('')
  const [templateId, setTemplateId] = useState('')
  const [clientId, setClientId] = useState('')
  const [link, setLink] = useState('')
  const key = useRepeatKey()
  const create = useCampaignChange(createDraft)
  const template = templates.find(({ id }) => id === templateId)
  const file = template ? headerFileOf(template) : null
  const submit = () =>
    create.mutate(
      {
        key: key.current(),
        name: name.trim(),
        templateId,
        ...(clientId && { clientId }),
        ...(file && link.trim() && { headerMedia: { link: link.trim() } }),
      },
      {
        onSuccess: ({ id }) =>
          void navigate({ to: '/campaigns/$campaignId', params: { campaignId: id }, search: { step: 'audience' } }),
        onError: key.onError,
      },
    )
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_20rem] gap-8 max-three:grid-cols-1">
      <form
        className="grid max-w-[34rem] content-start gap-4"
        onSubmit={event => {
          event.preventDefault()
          submit()
        }}
      >
        <Field label={t('campaigns.name')} hint={t('campaigns.name.hint')}>
          {ids => (
            <Input
              {...ids}
              required
              dir="auto"
              maxLength={MOST_NAME}
              value={name}
              onChange={event => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={t('campaigns.template')}>
          {ids => (
            <Select {...ids} required value={templateId} onChange={event => setTemplateId(event.target.value)}>
              <option value="">{t('campaigns.choose')}</option>
              {templates.map(one => (
                <option key={one.id} value={one.id}>
                  {`${one.name} · ${one.language}`}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {file && (
          <Field label={t('campaigns.file')} hint={t('campaigns.file.hint')}>
            {ids => (
              <Input
                {...ids}
                type="url"
                dir="ltr"
                pattern="https://.*"
                placeholder="https://"
                value={link}
                onChange={event => setLink(event.target.value)}
              />
            )}
          </Field>
        )}
        {numbers.length > 1 && (
          <Field label={t('campaigns.from')}>
            {ids => (
              <Select {...ids} value={clientId} onChange={event => setClientId(event.target.value)}>
                <option value="">{t('campaigns.from.primary')}</option>
                {numbers.map(number => (
                  <option key={number.id} value={number.id}>
                    {nameOfNumber(number)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
        <Refused error={create.error} />
        <div>
          <Button type="submit" kind="primary" busy={create.isPending}>
            {t('campaigns.next.audience')}
          </Button>
        </div>
      </form>
      {template && (
        <aside className="grid content-start gap-2" aria-label={t('campaigns.arrival')}>
          <h2>{t('campaigns.arrival')}</h2>
          <Arrival template={template} />
        </aside>
      )}
    </div>
  )
}
