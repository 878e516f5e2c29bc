import { useQuery } from '@tanstack/react-query'
import { fillQuickReply } from '#shared/domain/inbox/quick-reply.ts'
import { mediaQuery, useMediaUrl } from '../../../lib/data/media.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useObjectUrl } from '../../../lib/object-url.ts'
import { useUser } from '../../../lib/session/session-store.ts'
import { Formatted } from '../../../ui/formatted.tsx'
import { DocumentIcon, Icon } from '../../../ui/icons.tsx'
import type { NewFile } from './data.ts'

/** A customer who is not there, so that the variables have values. */
const CONTACT = { name: 'Salma Idrissi', phone: '+212 661 00 01 01', username: 'salma.idrissi' }

/** The reply as it would go out to a customer: variables filled in, with its file. */
export function Preview({ text, mediaId, file }: { text: string | null; mediaId: string | null; file: NewFile | null }) {
  const t = useText()
  const { name } = useUser()
  const filled = fillQuickReply(text ?? '', { contact: CONTACT, agent: { name }, candidate: { name: null } })
  return (
    <section aria-label={t('replies.preview')} className="grid content-start gap-1">
      <h3 className="weight-name">{t('replies.preview')}</h3>
      <div className="grid gap-2 rounded-3 rounded-se-none bg-bubble-out p-3 text-text">
        {file === null ? mediaId !== null && <SavedFile id={mediaId} /> : <ChosenFile content={file.content} />}
        {text ? (
          <p dir="auto" className="break-words whitespace-pre-wrap">
            <Formatted text={filled.text} isSample />
          </p>
        ) : (
          mediaId === null && file === null && <p className="text-ink-3">{t('replies.preview.none')}</p>
        )}
      </div>
      <p className="text-meta text-ink-3">{t('replies.preview.hint')}</p>
    </section>
  )
}

function SavedFile({ id }: { id: string }) {
  const { data } = useQuery(mediaQuery(id))
  const { url } = useMediaUrl(id)
  return <FileTile url={data?.type.startsWith('image/') ? url : null} name={null} />
}

function ChosenFile({ content }: { content: File }) {
  const url = useObjectUrl(content.type.startsWith('image/') ? content : null)
  return <FileTile url={url} name={content.name} />
}

/** A picture, or a mark with the name of the file. @param url of a picture */
function FileTile({ url, name }: { url: string | null; name: string | null }) {
  const t = useText()
  if (url !== null)
    return <img src={url} alt={name ?? t('replies.hasFile')} className="max-h-40 max-w-full rounded-2 object-contain" />
  return (
    <p className="flex items-center gap-2">
      <Icon of={DocumentIcon} />
      <bdi className="min-w-0 break-all">{name ?? t('replies.hasFile')}</bdi>
    </p>
  )
}
