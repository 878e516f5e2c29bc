import { UPLOAD_TYPES } from '#shared/domain/media/upload-rules.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field } from '../../../ui/field.tsx'
import { FileInput } from '../../../ui/file-input.tsx'
import { AttachIcon, Icon } from '../../../ui/icons.tsx'
import type { NewFile } from './data.ts'

interface FileFieldProps {
  /** The file that is saved. */
  mediaId: string | null
  /** The file that takes its place. */
  file: NewFile | null
  problem: string | undefined
  onFile(file: NewFile | null): void
  onRemove(): void
}

/** A picture, a document or another file that goes with the text. */
export function FileField({ mediaId, file, problem, onFile, onRemove }: FileFieldProps) {
  const t = useText()
  const has = mediaId !== null || file !== null
  return (
    <div className="grid gap-2">
      <Field label={t('replies.file')} hint={t('replies.file.hint')} problem={problem && <bdi dir="ltr">{problem}</bdi>}>
        {ids => (
          <FileInput
            {...ids}
            accept={UPLOAD_TYPES.join(',')}
            chosen={file?.content.name}
            onChoose={content => onFile({ content, key: crypto.randomUUID() })}
          />
        )}
      </Field>
      {has && (
        <p className="flex flex-wrap items-center gap-2">
          <Icon of={AttachIcon} size={16} className="text-ink-3" />
          <bdi className="min-w-0 break-all">{file?.content.name ?? t('replies.hasFile')}</bdi>
          <Button
            kind="quiet"
            onClick={() => {
              onFile(null)
              if (file === null) onRemove()
            }}
          >
            {t('replies.file.remove')}
          </Button>
        </p>
      )}
    </div>
  )
}
