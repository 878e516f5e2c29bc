import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Check, Field, Input } from '../../../ui/field.tsx'
import { problemAt } from '../../../ui/form/field-problems.ts'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { type About, typesQuery } from './data.ts'

interface AboutFormProps {
  given: About
  error: unknown
  isBusy: boolean
  submit: ReactNode
  onSubmit(about: About): void
  onCancel(): void
}

/** Address, name and events of a subscription. What the server says of the address stands at its field. */
export function AboutForm({ given, error, isBusy, submit, onSubmit, onCancel }: AboutFormProps) {
  const t = useText()
  const [about, setAbout] = useState(given)
  const [isSome, setSome] = useState(given.types.length > 0)
  const ofUrl = problemAt(error, 'url')
  return (
    <form
      className="grid gap-4"
      onSubmit={event => {
        event.preventDefault()
        if (isBusy || (isSome && about.types.length === 0)) return
        onSubmit({ ...about, name: about.name.trim(), url: about.url.trim(), types: isSome ? about.types : [] })
      }}
    >
      <Field label={t('events.url')} hint={t('events.url.hint')} problem={ofUrl && <bdi>{ofUrl}</bdi>}>
        {ids => (
          <Input
            {...ids}
            data-autofocus
            required
            type="url"
            dir="ltr"
            maxLength={2000}
            value={about.url}
            onChange={event => setAbout({ ...about, url: event.target.value })}
          />
        )}
      </Field>
      <Field label={t('events.name')} hint={t('events.name.hint')}>
        {ids => (
          <Input
            {...ids}
            dir="auto"
            maxLength={100}
            value={about.name}
            onChange={event => setAbout({ ...about, name: event.target.value })}
          />
        )}
      </Field>
      <fieldset className="grid gap-1">
        <legend className="weight-name mb-1">{t('events.types')}</legend>
        {[false, true].map(some => (
          <label key={String(some)} className="inline-flex min-h-6 items-center gap-2">
            <input type="radio" name="which" checked={isSome === some} onChange={() => setSome(some)} />
            <span>{t(some ? 'events.types.choose' : 'events.types.allAlso')}</span>
          </label>
        ))}
        {isSome && <Types chosen={about.types} onChange={types => setAbout({ ...about, types })} />}
      </fieldset>
      {!ofUrl && <Refused error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{t('ui.cancel')}</Button>
        <Button type="submit" kind="primary" busy={isBusy} disabled={isSome && about.types.length === 0}>
          {submit}
        </Button>
      </div>
    </form>
  )
}

function Types({ chosen, onChange }: { chosen: readonly string[]; onChange(types: string[]): void }) {
  const t = useText()
  const { data, error, refetch } = useQuery(typesQuery)
  if (error)
    return (
      <ErrorRow error={error} onRetry={() => void refetch()}>
        {t('events.types.failed')}
      </ErrorRow>
    )
  if (!data) return <Bone width="100%" height="8rem" />
  return (
    <div className="grid max-h-56 grid-cols-2 gap-x-4 gap-y-1 overflow-auto ps-6 max-two:grid-cols-1">
      {data.map(type => (
        <Check
          key={type}
          label={
            <bdi dir="ltr" className="font-mono text-meta">
              {type}
            </bdi>
          }
          checked={chosen.includes(type)}
          onChange={({ target }) => onChange(target.checked ? [...chosen, type] : chosen.filter(one => one !== type))}
        />
      ))}
    </div>
  )
}
