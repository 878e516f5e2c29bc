import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { MessageReceived } from '#shared/contracts/event-payloads.ts'
import type { ConversationView } from '#shared/contracts/views.ts'
import { nameOf } from '../../../lib/data/contact-name.ts'
import { conversationQuery } from '../../../lib/data/conversations.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { onLiveEvent } from '../../../lib/realtime/live.ts'
import { type Announcement, createAnnouncer } from './announcements.ts'

/** What was said stays for a while, so that a reader that is busy finds it. */
const KEPT = 6

/**
 * Reads out what customers write in the open conversation, once each. A region of its own: rows of a virtual list that are drawn anew
 * would be read out again.
 */
export function Announcer({ conversationId }: { conversationId: string }) {
  const t = useText()
  const { time } = useFormat()
  const queries = useQueryClient()
  const [said, setSaid] = useState<Announcement[]>([])
  useEffect(() => {
    const announcer = createAnnouncer(announcements => setSaid(now => [...now, ...announcements].slice(-KEPT)))
    const stopListening = onLiveEvent(({ name, event }) => {
      if (name !== 'message:received') return
      const { conversationId: of, message } = event as unknown as MessageReceived
      if (of !== conversationId) return
      const conversation = queries.getQueryData<ConversationView>(conversationQuery(conversationId).queryKey)
      announcer.add({
        id: message.id,
        name: message.author?.name ?? (conversation ? nameOf(conversation).text : null),
        at: message.createdAt,
        text: message.content.text,
      })
    })
    return () => {
      stopListening()
      announcer.stop()
    }
  }, [conversationId, queries])
  return (
    <div data-announcer aria-live="polite" aria-relevant="additions" className="sr-only">
      {said.map(announcement => (
        <p key={announcement.key}>
          {'count' in announcement ? (
            <Text id="inbox.announce.many" values={{ n: announcement.count }} />
          ) : (
            <Text
              id="inbox.announce.one"
              values={{
                name: announcement.message.name ?? t('inbox.nameless'),
                at: time(announcement.message.at),
                text: announcement.message.text ?? t('inbox.announce.file'),
              }}
            />
          )}
        </p>
      ))}
    </div>
  )
}
