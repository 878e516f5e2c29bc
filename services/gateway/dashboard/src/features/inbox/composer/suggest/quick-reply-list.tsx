import { useQuery } from '@tanstack/react-query'
import { kindOfType } from '#shared/domain/media/upload-rules.ts'
import { getBlob, request } from '../../../../lib/api/client.ts'
import { Problem } from '../../../../lib/api/problem.ts'
import { type QuickReply, quickRepliesQuery } from '../../../../lib/data/inbox-aids.ts'
import { fitting } from '../../../../lib/fitting.ts'
import { Text, useText } from '../../../../lib/i18n/text.tsx'
import { AttachIcon, Icon } from '../../../../ui/icons.tsx'
import { showToast } from '../../../../ui/toasts.tsx'
import { changeComposer, composerOf } from '../state.ts'
import type { SuggestionProps } from '../writing.tsx'
import { SuggestionList } from './suggestion-list.tsx'

interface Filled {
  text: string | null
  mediaId: string | null
  /** Variables whose value is not known: they still stand in the text. */
  missing: string[]
}

/** Prepared answers, found by their shortcut or title. The chosen one comes with its variables filled in, and with its file. */
export default function QuickReplyList({
  conversationId,
  query,
  onChoose,
  ...rest
}: SuggestionProps & { conversationId: string }) {
  const t = useText()
  const { data = [], isPending } = useQuery(quickRepliesQuery)
  const choose = async ({ id, title }: QuickReply) => {
    try {
      const filled = await request<Filled>('POST', `/quick-replies/${id}/render`, { body: { conversationId } })
      onChoose(filled.text ?? '')
      if (filled.mediaId) await attach(conversationId, filled.mediaId, title)
    } catch (error) {
      const why = error instanceof Problem ? error.detail : ''
      showToast({ kind: 'fail', text: <Text id="composer.quick.failed" values={{ why }} /> })
    }
  }
  return (
    <SuggestionList<QuickReply>
      {...rest}
      label={t('composer.quick')}
      items={fitting(data, query, ({ shortcut, title }) => `${shortcut} ${title}`)}
      keyOf={({ id }) => id}
      show={({ shortcut, title, text, mediaId }) => (
        <>
          <bdi className="font-mono text-brand">/{shortcut}</bdi>
          <bdi className="weight-name shrink-0">{title}</bdi>
          <bdi dir="auto" className="min-w-0 flex-1 truncate text-ink-2">
            {text}
          </bdi>
          {mediaId && <Icon of={AttachIcon} size={16} />}
        </>
      )}
      onChoose={reply => void choose(reply)}
      none={isPending ? '…' : t('composer.quick.none')}
    />
  )
}

/** The file of a quick reply is at the server already: it is only shown here. */
async function attach(conversationId: string, mediaId: string, name: string): Promise<void> {
  const content = await getBlob(`/media/${mediaId}`)
  const kind = kindOfType(content.type) ?? 'document'
  const file = { id: crypto.randomUUID(), content, name, type: content.type, size: content.size, kind, problem: null }
  changeComposer(conversationId, { files: [...composerOf(conversationId).files, { ...file, uploaded: { id: mediaId, kind } }] })
}
