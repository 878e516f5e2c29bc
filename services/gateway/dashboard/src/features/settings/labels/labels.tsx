import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { type LabelView, labelsQuery } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { LabelIcon, PlusIcon } from '../../../ui/icons.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { Swatch } from '../../../ui/swatch.tsx'
import { EditLabel, NewLabel } from './label-dialog.tsx'
import { RemoveLabel } from './remove-label.tsx'
import { Uses } from './uses.tsx'

/** By which words do we sort conversations and people, and where does each stand? */
export default function Labels() {
  const t = useText()
  const { data, error, refetch } = useQuery(labelsQuery)
  const [isNew, setNew] = useState(false)
  return (
    <div className="grid max-w-[44rem] gap-4">
      <p className="text-ink-2">{t('labels.text')}</p>
      <div>
        <Button kind="primary" icon={PlusIcon} onClick={() => setNew(true)}>
          {t('labels.new')}
        </Button>
      </div>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('labels.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="6rem" />}
      {data?.length === 0 && <Empty icon={LabelIcon} title={t('labels.none')} text={t('labels.none.text')} />}
      {data && data.length > 0 && (
        <ul aria-label={t('settings.section.labels')} className="border-b border-line">
          {data.map(label => (
            <Row key={label.id} label={label} />
          ))}
        </ul>
      )}
      {isNew && <NewLabel onClose={() => setNew(false)} />}
    </div>
  )
}

function Row({ label }: { label: LabelView }) {
  const t = useText()
  const id = useId()
  const [asked, setAsked] = useState<'edit' | 'remove' | null>(null)
  const [isOpen, setOpen] = useState(false)
  const { name, color, description } = label
  const close = () => setAsked(null)
  return (
    <li className="grid gap-1 border-t border-line py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <div className="min-w-0 flex-1 basis-48">
          <p className="flex items-center gap-2">
            <Swatch color={color} />
            <bdi className="weight-name min-w-0 break-words">{name}</bdi>
          </p>
          {description && (
            <p className="ps-4.5 break-words text-ink-2">
              <bdi>{description}</bdi>
            </p>
          )}
        </div>
        <div className="flex flex-wrap gap-1">
          <Button kind="quiet" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
            {t('labels.uses')}
          </Button>
          <Button aria-label={t('labels.edit.of', { name })} onClick={() => setAsked('edit')}>
            {t('labels.edit')}
          </Button>
          <Button kind="quiet" aria-label={t('labels.remove.of', { name })} onClick={() => setAsked('remove')}>
            {t('labels.remove')}
          </Button>
        </div>
      </div>
      <div id={id} className="ps-4.5" hidden={!isOpen}>
        {isOpen && <Uses label={label} />}
      </div>
      {asked === 'edit' && <EditLabel label={label} onClose={close} />}
      {asked === 'remove' && <RemoveLabel label={label} onClose={close} />}
    </li>
  )
}
