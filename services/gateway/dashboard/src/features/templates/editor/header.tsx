import { useMutation } from '@tanstack/react-query'
import { Problem } from '../../../lib/api/problem.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Field, Input, Select } from '../../../ui/field.tsx'
import { FileInput } from '../../../ui/file-input.tsx'
import type { PartProps } from './about.tsx'
import { Count } from './count.tsx'
import { HEADERS, type HeaderKind } from './draft.ts'
import { MAX_SHORT } from './problems.ts'
import { useProblem } from './said.ts'

const TYPES = { IMAGE: 'image/jpeg,image/png', VIDEO: 'video/mp4', DOCUMENT: 'application/pdf' } as const
type FileKind = keyof typeof TYPES

/** What stands above the text: nothing, a line, a file or a place. */
export function Header({ draft: { header }, change }: PartProps) {
  const t = useText()
  const problem = useProblem()
  const { kind, text } = header
  return (
    <div className="grid gap-4">
      <Field label={t('editor.header')} problem={kind === 'LOCATION' && problem('header')}>
        {ids => (
          <Select
            {...ids}
            value={kind}
            onChange={event => change({ header: { ...header, kind: event.target.value as HeaderKind, file: null } })}
          >
            {HEADERS.map(one => (
              <option key={one} value={one}>
                {one === 'NONE' || one === 'TEXT' ? t(`editor.header.${one}`) : t(`templates.header.${one}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {kind === 'TEXT' && (
        <Field label={t('editor.header.line')} aside={<Count of={text} most={MAX_SHORT} />} problem={problem('header')}>
          {ids => (
            <Input
              {...ids}
              dir="auto"
              value={text}
              onChange={event => change({ header: { ...header, text: event.target.value } })}
            />
          )}
        </Field>
      )}
      {(kind === 'IMAGE' || kind === 'VIDEO' || kind === 'DOCUMENT') && (
        <SampleFile key={kind} kind={kind} onTaken={file => change({ header: { ...header, file } })} />
      )}
    </div>
  )
}

/** A file of the kind, which Meta looks at while it reviews the template; each message has its own. */
function SampleFile({ kind, onTaken }: { kind: FileKind; onTaken(file: { id: string; name: string } | null): void }) {
  const t = useText()
  const problem = useProblem()
  const upload = useMutation({
    mutationFn: async (file: File) => {
      const { uploadFile } = await import('../../../lib/outbox/upload.ts')
      const { name, type } = file
      const taken = await uploadFile(file, { name, type, key: crypto.randomUUID() })
      return { id: taken.id, name }
    },
    onSuccess: onTaken,
  })
  const refused = upload.error instanceof Problem ? upload.error.detail : upload.error && t('ui.refused')
  return (
    <Field
      label={t('editor.header.file')}
      hint={upload.isPending ? t('editor.header.uploading') : t('editor.header.file.hint')}
      problem={refused || problem('header')}
    >
      {ids => (
        <FileInput
          {...ids}
          accept={TYPES[kind]}
          chosen={upload.variables?.name}
          onChoose={file => {
            onTaken(null)
            upload.mutate(file)
          }}
        />
      )}
    </Field>
  )
}
