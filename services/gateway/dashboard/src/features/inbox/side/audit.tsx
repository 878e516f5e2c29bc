import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { type AuditEntry, auditQuery } from './data.ts'

/** Deeds with a contact, in words. What is not here is shown by its name in the log. */
const DEEDS: Record<string, TextId> = {
  'contacts.optOut': 'side.audit.optOut',
  'contacts.block': 'side.audit.block',
  'contacts.unblock': 'side.audit.unblock',
  'contacts.merge': 'side.audit.merge',
  'contacts.export': 'side.audit.export',
}

/** Who did what with the contact; asked for when it is opened. */
export function Audit({ contactId }: { contactId: string }) {
  const t = useText()
  const [isOpen, setOpen] = useState(false)
  const { data, error, refetch } = useQuery({ ...auditQuery(contactId), enabled: isOpen })
  return (
    <details className="border-t border-line px-4 py-3" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary className="cursor-pointer text-ink-2">{t('side.audit')}</summary>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('side.audit.failed')}
        </ErrorRow>
      )}
      {isOpen && !data && !error && <Bone width="80%" />}
      {data?.length === 0 && <p className="mt-2 text-ink-3">{t('side.audit.none')}</p>}
      <ul className="mt-2 grid gap-2">
        {data?.map(entry => (
          <Deed key={entry.id} entry={entry} />
        ))}
      </ul>
    </details>
  )
}

function Deed({ entry: { at, actor, action, changes } }: { entry: AuditEntry }) {
  const t = useText()
  const { full } = useFormat()
  const text = action === 'contacts.optOut' && changes?.optOut?.after === false ? 'side.audit.optIn' : DEEDS[action]
  const name = actor.name ?? t('side.audit.system')
  return (
    <li>
      <p>{text ? <Text id={text} values={{ name }} /> : <Unknown name={name} action={action} />}</p>
      <time dateTime={at} className="figures text-meta text-ink-3">
        {full(at)}
      </time>
    </li>
  )
}

const Unknown = ({ name, action }: { name: string; action: string }) => (
  <>
    <bdi>{name}</bdi>:{' '}
    <bdi dir="ltr" className="font-mono text-meta">
      {action}
    </bdi>
  </>
)
