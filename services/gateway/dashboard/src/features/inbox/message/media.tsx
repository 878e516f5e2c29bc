import { useMutation, useQueryClient } from '@tanstack/react-query'
import clsx from 'clsx'
import { useState } from 'react'
import type { MessageView } from '#shared/contracts/views.ts'
import { request } from '../../../lib/api/client.ts'
import { mediaQuery, saveFile, useMediaUrl } from '../../../lib/data/media.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { DocumentIcon, FailIcon, Icon, PictureIcon, PlayIcon } from '../../../ui/icons.tsx'
import { Bone } from '../../../ui/states.tsx'
import { showToast } from '../../../ui/toasts.tsx'

export type Media = NonNullable<MessageView['content']['media']>

/** The file of a message, whatever its type says: what cannot be shown can be saved. */
export function MediaPart({ type, media, caption }: { type: string; media: Media; caption: string | null }) {
  if (media.state === 'PENDING') return <Coming />
  if (media.state !== 'STORED') return <Missing media={media} />
  const kind = media.mimeType?.split('/')[0]
  if (kind === 'image' && (type === 'image' || type === 'sticker')) return <Picture media={media} caption={caption} type={type} />
  if (kind === 'audio' && type === 'audio') return <Player media={media} kind="audio" />
  if (kind === 'video' && (type === 'video' || type === 'sticker')) return <Player media={media} kind="video" />
  return <Document media={media} />
}

function Coming() {
  const t = useText()
  return (
    <span className="flex items-center gap-2 text-ui text-ink-3">
      <Bone width="2.5rem" height="2.5rem" />
      {t('message.media.coming')}
    </span>
  )
}

/** A file that could not be fetched from WhatsApp: why, and another try while it is still there. */
function Missing({ media }: { media: Media }) {
  const t = useText()
  const again = useMutation({
    mutationFn: () => request('POST', `/media/${media.id}/fetch`),
    onError: () => showToast({ kind: 'fail', text: t('message.media.failed') }),
  })
  const isGone = media.state === 'EXPIRED'
  return (
    <span className="grid justify-items-start gap-1 text-ui">
      <span className="flex items-start gap-1.5 text-fail">
        <Icon of={FailIcon} size={16} className="mt-0.5" />
        <span>
          {t(isGone ? 'message.media.expired' : 'message.media.missing')}{' '}
          {media.problem && <bdi className="text-ink-2">{media.problem}</bdi>}
        </span>
      </span>
      {!isGone && (
        <Button small busy={again.isPending} onClick={() => again.mutate()}>
          {t('ui.tryAgain')}
        </Button>
      )}
    </span>
  )
}

function Picture({ media, caption, type }: { media: Media; caption: string | null; type: string }) {
  const t = useText()
  const [isOpen, setOpen] = useState(false)
  const { url, error } = useMediaUrl(media.id, { thumbnail: media.hasThumbnail })
  if (error) return <Document media={media} />
  const alt = caption ?? t(type === 'sticker' ? 'message.media.sticker' : 'message.media.picture')
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        aria-label={t('message.media.enlarge')}
        className={clsx('block overflow-hidden rounded-2', type === 'sticker' ? 'size-32' : 'min-h-24 min-w-32')}
      >
        {url ? (
          <img src={url} alt={alt} className="max-h-72 max-w-full object-contain" />
        ) : (
          <span className="grid size-32 place-items-center bg-sunk text-ink-3">
            <Icon of={PictureIcon} size={24} />
          </span>
        )}
      </button>
      {isOpen && <Lightbox media={media} alt={alt} onClose={() => setOpen(false)} />}
    </>
  )
}

export function Lightbox({ media, alt, onClose }: { media: Media; alt: string; onClose(): void }) {
  const t = useText()
  const { url, error } = useMediaUrl(media.id)
  return (
    <Dialog
      title={<bdi>{media.filename ?? t('message.media.picture')}</bdi>}
      wide
      onClose={onClose}
      footer={<Save media={media} />}
    >
      {error ? (
        <p className="text-fail">{t('message.media.failed')}</p>
      ) : url ? (
        <img src={url} alt={alt} className="mx-auto max-h-[70dvh] max-w-full object-contain" />
      ) : (
        <Bone width="100%" height="16rem" />
      )}
    </Dialog>
  )
}

/** Sound or film, loaded when somebody wants it. Its controls run from left to right in every language, as time does there. */
function Player({ media, kind }: { media: Media; kind: 'audio' | 'video' }) {
  const t = useText()
  const { bytes } = useFormat()
  const [isWanted, setWanted] = useState(false)
  const { url, error } = useMediaUrl(media.id, { enabled: isWanted })
  if (error) return <Document media={media} />
  if (!isWanted || url === null)
    return (
      <Button icon={PlayIcon} busy={isWanted} onClick={() => setWanted(true)}>
        {t(kind === 'audio' ? 'message.media.listen' : 'message.media.watch')}
        {media.size !== null && <span className="figures text-ink-3">{bytes(media.size)}</span>}
      </Button>
    )
  return kind === 'audio' ? (
    // biome-ignore lint/a11y/useMediaCaption: what a customer said has no captions
    <audio dir="ltr" src={url} controls autoPlay className="h-10 w-64 max-w-full" />
  ) : (
    // biome-ignore lint/a11y/useMediaCaption: what a customer filmed has no captions
    <video dir="ltr" src={url} controls autoPlay className="max-h-72 max-w-full rounded-2" />
  )
}

function Document({ media }: { media: Media }) {
  const t = useText()
  const { bytes } = useFormat()
  return (
    <span className="flex min-w-48 items-center gap-2.5">
      <Icon of={DocumentIcon} size={28} className="text-ink-3" />
      <span className="min-w-0 flex-1">
        <bdi className="block truncate">{media.filename ?? t('message.media.file')}</bdi>
        <span className="block text-meta text-ink-3">
          <bdi dir="ltr">{media.mimeType ?? '?'}</bdi>
          {media.size !== null && <span className="figures"> · {bytes(media.size)}</span>}
        </span>
      </span>
      <Save media={media} />
    </span>
  )
}

function Save({ media }: { media: Media }) {
  const t = useText()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: async () => saveFile(await queries.fetchQuery(mediaQuery(media.id)), media.filename ?? media.id),
    onError: () => showToast({ kind: 'fail', text: <Text id="message.media.failed" /> }),
  })
  return (
    <Button small busy={save.isPending} onClick={() => save.mutate()}>
      {t('message.media.save')}
    </Button>
  )
}
