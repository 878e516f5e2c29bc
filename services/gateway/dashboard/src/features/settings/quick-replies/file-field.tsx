import { useState } from 'react'
import { UPLOAD_TYPES } from '#shared/domain/media/upload-rules.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field, Input } from '../../../ui/field.tsx'
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
  // A field of files cannot be emptied: another one takes its place.
  const [removals, setRemovals] = useState(0)
  const has = mediaId !== null || file !== null
  return (
    <div className="grid gap-2">
      <Field label={t('replies.file')} hint={t('replies.file.hint')} problem={problem && <bdi dir="ltr">{problem}</bdi>}>
        {ids => (
          <Input
            {...ids}
            key={removals}
            type="file"
            accept={UPLOAD_TYPES.join(',')}
            onChange={({ target: { files } }) => {
              const content = files?.[0]
              onFile(content ? { content, key: crypto.randomUUID() } : null)
            }}
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
              setRemovals(removals + 1)
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
