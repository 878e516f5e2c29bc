import type { MessageView } from '#shared/contracts/views.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Formatted } from '../../../ui/formatted.tsx'
import { CallCard, ChoiceCard, ContactCards, HandoverLine, OrderCard, PlaceCard, ReplyCard, TemplateCard } from './cards.tsx'
import { MediaPart } from './media.tsx'

/** What a message says, for every type of Meta's and for those that come one day. */
export function MessageBody({
  message,
}: {
  message: Pick<MessageView, 'type' | 'content' | 'direction' | 'revokedAt' | 'emptiedAt'>
}) {
  const t = useText()
  const { type, content, direction, revokedAt, emptiedAt } = message
  if (revokedAt !== null) return <Grey>{t('message.revoked')}</Grey>
  if (emptiedAt) return <Grey>{t('message.emptied')}</Grey>
  switch (type) {
    case 'location':
      return <PlaceCard data={content.data} />
    case 'contacts':
      return <ContactCards data={content.data} />
    case 'call':
      return <CallCard data={content.data} />
    case 'handover':
      return <HandoverLine data={content.data} />
    case 'order':
      return <OrderCard data={content.data} />
    case 'interactive':
      return direction === 'OUTBOUND' ? <ChoiceCard content={content} /> : <ReplyCard content={content} />
    case 'button':
      return <ReplyCard content={content} />
    case 'request_welcome':
      return <Grey>{t('message.requestWelcome')}</Grey>
    case 'template':
      return (
        <TemplateCard content={content}>
          <Plain message={message} />
        </TemplateCard>
      )
    default:
      return <Plain message={message} />
  }
}

/** File and text, each if there is one; else that we cannot show it. */
function Plain({ message: { type, content } }: { message: Pick<MessageView, 'type' | 'content'> }) {
  const t = useText()
  const { text, media, template } = content
  // The name of a file stands on its card.
  const caption = text === media?.filename ? null : text
  if (type === 'unsupported' || (text === null && media === null && template === null))
    return (
      <Grey>
        {t('message.unknown')} <bdi dir="ltr">{type}</bdi>
        {text && <bdi className="block">{text}</bdi>}
      </Grey>
    )
  return (
    <>
      {media && (
        <span className="block whitespace-normal">
          <MediaPart type={type} media={media} caption={caption} />
        </span>
      )}
      {caption && (
        <span className={media ? 'mt-1 block' : undefined}>
          <Formatted text={caption} />
        </span>
      )}
    </>
  )
}

const Grey = ({ children }: { children: React.ReactNode }) => <span className="text-ui text-ink-3 italic">{children}</span>
