import type { ConversationView } from '#shared/contracts/views.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'

/** Ids for whoever looks something up or writes to support. Nobody needs them to answer a customer. */
export function TechnicalIds({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const { id, contact, phoneNumberId, groupId, candidateId } = conversation
  const ids = [
    ['side.ids.conversation', id],
    ['side.ids.contact', contact.id],
    ['side.ids.wa', contact.waId],
    ['side.ids.user', contact.userId],
    ['side.ids.group', groupId],
    ['side.ids.candidate', candidateId],
    ['side.ids.number', phoneNumberId],
  ] as const
  return (
    <details className="border-t border-line px-4 py-3">
      <summary className="cursor-pointer text-ink-2">{t('side.ids')}</summary>
      <dl className="mt-2 grid gap-2">
        {ids.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt className="text-meta text-ink-3">{t(name)}</dt>
                <dd className="flex items-center justify-between gap-2">
                  <bdi dir="ltr" className="min-w-0 font-mono text-meta break-all">
                    {value}
                  </bdi>
                  <CopyButton text={value} label={t('side.ids.copy', { name: t(name) })} />
                </dd>
              </div>
            ),
        )}
      </dl>
    </details>
  )
}
