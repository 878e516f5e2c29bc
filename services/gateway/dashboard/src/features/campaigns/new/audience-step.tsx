import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { labelsQuery } from '../../../lib/data/inbox-aids.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { say } from '../../../lib/server/say.ts'
import { Button } from '../../../ui/button.tsx'
import { Field, Select } from '../../../ui/field.tsx'
import { FileInput } from '../../../ui/file-input.tsx'
import { FailIcon, Icon } from '../../../ui/icons.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Bone } from '../../../ui/states.tsx'
import {
  type Campaign,
  columnsOfFile,
  type FileColumn,
  giveContacts,
  giveFile,
  saveReport,
  type Template,
  useCampaignChange,
} from '../data.ts'
import { guessColumns, type Mapped, mappedColumns } from './mapping.ts'
import { MappingFields } from './mapping-fields.tsx'
import { useQuick } from './use-quick.ts'

interface StepProps {
  campaign: Campaign
  template: Template
  onDone(): void
}

type Source = 'file' | 'contacts'

/** Who gets it: a file with its columns, or contacts. What was checked is shown with what had to be left out. */
export function AudienceStep({ campaign, template, onDone }: StepProps) {
  const t = useText()
  const [source, setSource] = useState<Source>(campaign.audience.kind === 'contacts' ? 'contacts' : 'file')
  return (
    <div className="grid gap-5">
      {campaign.audience.kind === 'failed' ? (
        <p className="text-ink-2">{t('campaigns.audience.failed')}</p>
      ) : (
        <>
          <fieldset className="flex flex-wrap gap-x-6 gap-y-2">
            <legend className="weight-name mb-1">{t('campaigns.audience')}</legend>
            {(['file', 'contacts'] as const).map(one => (
              <label key={one} className="inline-flex items-center gap-2">
                <input type="radio" name="source" checked={source === one} onChange={() => setSource(one)} />
                {t(`campaigns.audience.${one}`)}
              </label>
            ))}
          </fieldset>
          {source === 'file' ? (
            <FileForm campaign={campaign} template={template} />
          ) : (
            <ContactsForm campaign={campaign} template={template} />
          )}
        </>
      )}
      <Checked campaign={campaign} onDone={onDone} />
    </div>
  )
}

function FileForm({ campaign, template }: Omit<StepProps, 'onDone'>) {
  const t = useText()
  const [file, setFile] = useState<File | null>(null)
  const [mapped, setMapped] = useState<Mapped | null>(null)
  const read = useQuick(columnsOfFile)
  const give = useCampaignChange(giveFile)
  const columns: FileColumn[] = read.data?.columns ?? []
  const choose = (chosen: File) => {
    setFile(chosen)
    setMapped(null)
    read.mutate(chosen, { onSuccess: ({ columns: found }) => setMapped(guessColumns(template, found)) })
  }
  return (
    <form
      className="grid max-w-[40rem] gap-4"
      onSubmit={event => {
        event.preventDefault()
        if (file && mapped) give.mutate({ id: campaign.id, file, ...mappedColumns(mapped) })
      }}
    >
      <Field label={t('campaigns.csv')} hint={t('campaigns.csv.hint')}>
        {ids => <FileInput {...ids} accept=".csv,.tsv,.txt,text/csv" chosen={file?.name} onChoose={choose} />}
      </Field>
      {read.isPending && <Bone width="100%" height="6rem" />}
      <Refused error={read.error ?? give.error} />
      {mapped && columns.length > 0 && (
        <>
          <MappingFields template={template} columns={columns} mapped={mapped} onChange={setMapped} />
          <div>
            <Button type="submit" kind="primary" disabled={mapped.to === ''} busy={give.isPending}>
              {t('campaigns.check')}
            </Button>
          </div>
        </>
      )}
    </form>
  )
}

/** Columns that contacts have beside their attributes. */
const CONTACT_COLUMNS = ['name', 'phone']

function ContactsForm({ campaign, template }: Omit<StepProps, 'onDone'>) {
  const t = useText()
  const { data: labels = [] } = useQuery(labelsQuery)
  const [label, setLabel] = useState('')
  const columns = CONTACT_COLUMNS.map(name => ({ name, samples: [] }))
  const [mapped, setMapped] = useState<Mapped>(() => guessColumns(template, columns))
  const give = useCampaignChange(giveContacts)
  return (
    <form
      className="grid max-w-[40rem] gap-4"
      onSubmit={event => {
        event.preventDefault()
        give.mutate({ id: campaign.id, label: label || null, ...mappedColumns(mapped) })
      }}
    >
      <Field label={t('campaigns.label')} hint={t('campaigns.label.hint')}>
        {ids => (
          <Select {...ids} value={label} onChange={event => setLabel(event.target.value)}>
            <option value="">{t('campaigns.label.all')}</option>
            {labels.map(({ id, name }) => (
              <option key={id} value={name}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <MappingFields template={template} columns={columns} mapped={mapped} onChange={setMapped} isContacts />
      <Refused error={give.error} />
      <div>
        <Button type="submit" kind="primary" busy={give.isPending}>
          {t('campaigns.check')}
        </Button>
      </div>
    </form>
  )
}

const LEFT = ['invalid', 'duplicate', 'optedOut'] as const

/** What the check of the audience found, while it goes on and afterwards. */
function Checked({ campaign: { id, audience }, onDone }: { campaign: Campaign; onDone(): void }) {
  const t = useText()
  const { number } = useFormat()
  const save = useQuick(saveReport)
  const { state, rows, recipients, problem, problemKey } = audience
  if (state === 'EMPTY') return null
  const left = LEFT.filter(reason => audience[reason] > 0)
  return (
    <section aria-live="polite" className="grid gap-3 border-t border-line pt-4" data-audience={state}>
      {state === 'FAILED' && (
        <p className="flex gap-2 text-fail">
          <Icon of={FailIcon} />
          <bdi>{problem && say(problem, problemKey)}</bdi>
        </p>
      )}
      {state === 'CHECKING' && <Text id="campaigns.checking" values={{ n: rows, count: number(rows) }} />}
      {state === 'READY' && (
        <>
          <p className="text-figure">
            <Text id="campaigns.recipients" values={{ n: recipients, count: number(recipients) }} />
          </p>
          {left.length > 0 && (
            <ul className="border-b border-line">
              {left.map(reason => (
                <li key={reason} className="flex items-baseline justify-between gap-4 border-t border-line py-2">
                  <span>
                    {t(`campaigns.left.${reason}`)}{' '}
                    <span className="block text-meta text-ink-3">{t(`campaigns.left.${reason}.why`)}</span>
                  </span>
                  <span className="figures">{number(audience[reason])}</span>
                </li>
              ))}
            </ul>
          )}
          <Refused error={save.error} />
          <div className="flex flex-wrap gap-2">
            {left.length > 0 && (
              <Button busy={save.isPending} onClick={() => save.mutate({ id, which: 'failures' })}>
                {t('campaigns.left.save')}
              </Button>
            )}
            <Button kind="primary" disabled={recipients === 0} onClick={onDone}>
              {t('campaigns.next.estimate')}
            </Button>
          </div>
        </>
      )}
    </section>
  )
}
