import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useObjectUrl } from '../../../lib/object-url.ts'
import type { ChosenFile } from '../../../lib/outbox/chosen-file.ts'
import { IconButton } from '../../../ui/button.tsx'
import { CloseIcon, DocumentIcon, FailIcon, Icon, PlayIcon, VoiceIcon } from '../../../ui/icons.tsx'
import { changeComposer, useComposer } from './state.ts'

/** The files that go with the message, each with what is wrong with it. */
export default function Attachments({ conversationId }: { conversationId: string }) {
  const t = useText()
  const { files } = useComposer(conversationId)
  return (
    <ul aria-label={t('composer.files')} className="flex max-h-40 flex-wrap gap-2 overflow-auto px-5 py-2 max-two:px-4">
      {files.map(file => (
        <Attachment
          key={file.id}
          file={file}
          onRemove={() => changeComposer(conversationId, { files: files.filter(({ id }) => id !== file.id) })}
        />
      ))}
    </ul>
  )
}

function Attachment({ file, onRemove }: { file: ChosenFile; onRemove(): void }) {
  const t = useText()
  const { bytes } = useFormat()
  const { name, size, problem } = file
  return (
    <li
      className={`flex max-w-full min-w-0 items-center gap-2.5 rounded-2 border py-1 ps-1 pe-1 text-ui ${problem ? 'border-fail' : 'border-line'}`}
    >
      <Picture file={file} />
      <span className="min-w-0">
        <bdi className="block max-w-48 truncate">{name}</bdi>
        {problem ? (
          <span className="flex items-start gap-1 text-meta text-fail">
            <Icon of={FailIcon} size={14} className="mt-px" />
            {t(`composer.file.${problem}`)}
          </span>
        ) : (
          <span className="figures block text-meta text-ink-3">{bytes(size)}</span>
        )}
      </span>
      <IconButton icon={CloseIcon} label={t('composer.file.remove', { name })} small onClick={onRemove} />
    </li>
  )
}

function Picture({ file: { content, kind } }: { file: ChosenFile }) {
  const url = useObjectUrl(kind === 'image' || kind === 'sticker' ? content : null)
  if (url) return <img src={url} alt="" className="size-10 rounded-1 object-cover" />
  return (
    <span className="grid size-10 place-items-center rounded-1 bg-sunk text-ink-3">
      <Icon of={kind === 'video' ? PlayIcon : kind === 'audio' ? VoiceIcon : DocumentIcon} />
    </span>
  )
}
