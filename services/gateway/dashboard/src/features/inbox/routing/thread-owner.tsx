import { useMutation } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { request } from '../../../lib/api/client.ts'
import { Problem } from '../../../lib/api/problem.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { showToast } from '../../../ui/toasts.tsx'

/** Where several apps of a business answer its customers: who answers this one, and how that is changed. */
export default function ThreadOwner({ conversation: { id, threadOwner } }: { conversation: ConversationView }) {
  const t = useText()
  // The event of the change brings the conversation as it is then.
  const change = useMutation({
    mutationFn: (owner: 'platform' | 'other') => request('PUT', `/conversations/${id}/control`, { body: { owner } }),
    onError: error =>
      showToast({
        kind: 'fail',
        text: <Text id="inbox.routing.failed" values={{ why: error instanceof Problem ? error.detail : '' }} />,
      }),
  })
  if (threadOwner === null) return null
  const isOurs = threadOwner.owner === 'platform'
  const next = isOurs ? 'other' : 'platform'
  const text = isOurs ? 'ours' : threadOwner.role === 'ai_agent' ? 'agent' : 'other'
  return (
    <div
      data-routing={threadOwner.owner}
      className="flex flex-wrap items-center gap-x-3 gap-y-1 bg-sunk px-5 py-1.5 text-ui text-ink-2"
    >
      <p className="min-w-48 flex-1">{t(`inbox.routing.${text}`)}</p>
      <Button busy={change.isPending && change.variables === next} onClick={() => change.mutate(next)}>
        {t(isOurs ? 'inbox.routing.back' : 'inbox.routing.take')}
      </Button>
    </div>
  )
}
