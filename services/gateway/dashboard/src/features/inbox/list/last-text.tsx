import { useText } from '../../../lib/i18n/text.tsx'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import {
  AttachIcon,
  Icon,
  InfoIcon,
  PictureIcon,
  type TablerIcon,
  TemplatesIcon,
  UserIcon,
  VoiceIcon,
} from '../../../ui/icons.tsx'

/** What a message is called that has no text of its own, and the icon before it. */
const TYPES: Record<string, { icon: TablerIcon; text: TextId }> = {
  image: { icon: PictureIcon, text: 'inbox.type.image' },
  sticker: { icon: PictureIcon, text: 'inbox.type.sticker' },
  video: { icon: PictureIcon, text: 'inbox.type.video' },
  audio: { icon: VoiceIcon, text: 'inbox.type.audio' },
  document: { icon: AttachIcon, text: 'inbox.type.document' },
  location: { icon: InfoIcon, text: 'inbox.type.location' },
  contacts: { icon: UserIcon, text: 'inbox.type.contacts' },
  template: { icon: TemplatesIcon, text: 'inbox.type.template' },
  interactive: { icon: InfoIcon, text: 'inbox.type.interactive' },
  reaction: { icon: InfoIcon, text: 'inbox.type.reaction' },
  order: { icon: InfoIcon, text: 'inbox.type.order' },
}

/** The last message in one line, in the direction of what was written. */
export function LastText({ type, text }: { type: string; text: string | null }) {
  const t = useText()
  const kind = TYPES[type]
  return (
    <>
      {kind && <Icon of={kind.icon} size={16} />}
      <bdi dir="auto" className="truncate">
        {text || (kind ? t(kind.text) : type === 'text' ? '' : t('inbox.type.unknown'))}
      </bdi>
    </>
  )
}
