import { useState } from 'react'
import { useMediaUrl } from '../../../lib/data/media.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { DocumentIcon, Icon, PictureIcon, PlayIcon, type TablerIcon, VoiceIcon } from '../../../ui/icons.tsx'
import { Lightbox, type Media, MediaPart } from './media.tsx'

interface TileProps {
  type: string
  media: Media
  caption: string | null
  at: string
}

/** A file as a square: a small picture, or what kind it is. A click shows it. */
export function MediaTile({ type, media, caption, at }: TileProps) {
  const t = useText()
  const { full } = useFormat()
  const [isOpen, setOpen] = useState(false)
  const isPicture = media.state === 'STORED' && (type === 'image' || type === 'sticker')
  const name = media.filename ?? t(KINDS[type]?.text ?? 'message.media.file')
  return (
    <>
      <button
        type="button"
        title={`${name}, ${full(at)}`}
        aria-label={`${name}, ${full(at)}`}
        onClick={() => setOpen(true)}
        className="grid aspect-square w-full place-items-center overflow-hidden rounded-2 border border-line bg-sunk text-ink-3 hover:border-line-strong"
      >
        {isPicture ? (
          <Thumbnail media={media} />
        ) : (
          <span className="grid w-full place-items-center gap-1 px-1">
            <Icon of={KINDS[type]?.icon ?? DocumentIcon} size={24} />
            <bdi className="max-w-full truncate text-meta">{name}</bdi>
          </span>
        )}
      </button>
      {isOpen && isPicture && <Lightbox media={media} alt={caption ?? name} onClose={() => setOpen(false)} />}
      {isOpen && !isPicture && (
        <Dialog title={<bdi>{name}</bdi>} onClose={() => setOpen(false)}>
          <MediaPart type={type} media={media} caption={caption} />
        </Dialog>
      )}
    </>
  )
}

const KINDS: Record<
  string,
  { icon: TablerIcon; text: 'message.media.picture' | 'message.media.sticker' | 'message.media.file' } | undefined
> = {
  image: { icon: PictureIcon, text: 'message.media.picture' },
  sticker: { icon: PictureIcon, text: 'message.media.sticker' },
  audio: { icon: VoiceIcon, text: 'message.media.file' },
  video: { icon: PlayIcon, text: 'message.media.file' },
}

function Thumbnail({ media }: { media: Media }) {
  const { url } = useMediaUrl(media.id, { thumbnail: media.hasThumbnail })
  return url ? <img src={url} alt="" className="size-full object-cover" /> : <Icon of={PictureIcon} size={24} />
}
