import { useInfiniteQuery } from '@tanstack/react-query'
import type { MessageView } from '#shared/contracts/views.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { MediaTile } from '../message/media-tile.tsx'
import { filesQuery } from './data.ts'
import { Section } from './section.tsx'
import { useFreshAfter } from './use-fresh-after.ts'

/** Pictures and other files that went to and fro, the newest first. Nothing when there are none. */
export function Files({ contactId, lastAt }: { contactId: string; lastAt: string | undefined }) {
  const t = useText()
  const query = filesQuery(contactId)
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(query)
  useFreshAfter(query.queryKey, lastAt)
  const files = (data?.pages ?? []).flatMap(page => page.data).filter(hasFile)
  if (files.length === 0) return null
  return (
    <Section title={t('side.files')}>
      <ul className="grid grid-cols-3 gap-1.5">
        {files.map(({ id, type, createdAt, content }) => (
          <li key={id}>
            <MediaTile type={type} media={content.media} caption={content.text} at={createdAt} />
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button kind="link" small busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('side.files.more')}
        </Button>
      )}
    </Section>
  )
}

type WithFile = MessageView & { content: { media: NonNullable<MessageView['content']['media']> } }
const hasFile = (message: MessageView): message is WithFile => message.content.media !== null
