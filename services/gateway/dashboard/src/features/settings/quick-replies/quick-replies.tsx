import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type QuickReply, quickRepliesQuery } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { AttachIcon, Icon, PlusIcon, QuickReplyIcon } from '../../../ui/icons.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { removeReply, useReplyChange } from './data.ts'
import { EditReply, NewReplyDialog } from './reply-dialog.tsx'

const SCOPES = ['account', 'own'] as const

/** Which answers are prepared, for all of us and for me alone? */
export default function QuickReplies() {
  const t = useText()
  const { data, error, refetch } = useQuery(quickRepliesQuery)
  const [isNew, setNew] = useState(false)
  return (
    <div className="grid max-w-[44rem] gap-4">
      <p className="text-ink-2">{t('replies.text')}</p>
      <div>
        <Button kind="primary" icon={PlusIcon} onClick={() => setNew(true)}>
          {t('replies.new')}
        </Button>
      </div>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('replies.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="8rem" />}
      {data?.length === 0 && <Empty icon={QuickReplyIcon} title={t('replies.none')} text={t('replies.none.text')} />}
      {data &&
        data.length > 0 &&
        SCOPES.map(scope => <OfScope key={scope} scope={scope} replies={data.filter(reply => reply.scope === scope)} />)}
      {isNew && <NewReplyDialog onClose={() => setNew(false)} />}
    </div>
  )
}

function OfScope({ scope, replies }: { scope: QuickReply['scope']; replies: readonly QuickReply[] }) {
  const t = useText()
  const mayShare = useMay('quickReplies.write')
  return (
    <section className="grid gap-2">
      <h2>{t(`replies.scope.${scope}`)}</h2>
      {replies.length === 0 ? (
        <p className="text-ink-2">{t(`replies.scope.${scope}.none`)}</p>
      ) : (
        <ul aria-label={t(`replies.scope.${scope}`)} className="border-b border-line">
          {replies.map(reply => (
            <Row key={reply.id} reply={reply} mayWrite={scope === 'own' || mayShare} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Row({ reply, mayWrite }: { reply: QuickReply; mayWrite: boolean }) {
  const t = useText()
  const [asked, setAsked] = useState<'edit' | 'remove' | null>(null)
  const { shortcut, title, text, mediaId } = reply
  const close = () => setAsked(null)
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line py-2">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <bdi dir="auto" className="font-mono break-all text-brand">
            /{shortcut}
          </bdi>
          <bdi className="weight-name min-w-0 break-words">{title}</bdi>
        </p>
        {text !== null && (
          <p className="line-clamp-2 text-ink-2">
            <bdi>{text}</bdi>
          </p>
        )}
        {mediaId !== null && (
          <p className="flex items-center gap-1 text-meta text-ink-3">
            <Icon of={AttachIcon} size={14} />
            {t('replies.hasFile')}
          </p>
        )}
      </div>
      {mayWrite && (
        <div className="flex flex-wrap gap-1">
          <Button aria-label={t('replies.edit.of', { name: title })} onClick={() => setAsked('edit')}>
            {t('replies.edit')}
          </Button>
          <Button kind="quiet" aria-label={t('replies.remove.of', { name: title })} onClick={() => setAsked('remove')}>
            {t('replies.remove')}
          </Button>
        </div>
      )}
      {asked === 'edit' && <EditReply reply={reply} onClose={close} />}
      {asked === 'remove' && <RemoveReply reply={reply} onClose={close} />}
    </li>
  )
}

function RemoveReply({ reply: { id, title, scope }, onClose }: { reply: QuickReply; onClose(): void }) {
  const t = useText()
  const remove = useReplyChange(removeReply)
  return (
    <Dialog
      title={t('replies.remove.title', { name: title })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate(id, { onSuccess: onClose })}>
            {t('replies.remove')}
          </Button>
        </>
      }
    >
      <p>{t(`replies.remove.${scope}`)}</p>
      <Refused error={remove.error} />
    </Dialog>
  )
}
