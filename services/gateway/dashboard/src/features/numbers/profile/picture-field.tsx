import { useEffect, useRef, useState } from 'react'
import { PICTURE_TYPES } from '#shared/domain/numbers/business-profile.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field } from '../../../ui/field.tsx'
import { FileInput } from '../../../ui/file-input.tsx'
import { isPicture } from './data.ts'

/** Files that were picked, by their addresses in this page: a form compares addresses, and the server gets the file. */
export function usePickedPicture(): { add(file: File): string; fileOf(url: string | null): File | null } {
  const files = useRef(new Map<string, File>())
  useEffect(() => {
    const picked = files.current
    return () => {
      for (const url of picked.keys()) URL.revokeObjectURL(url)
    }
  }, [])
  return {
    add(file) {
      const url = URL.createObjectURL(file)
      files.current.set(url, file)
      return url
    },
    fileOf: url => (url === null ? null : (files.current.get(url) ?? null)),
  }
}

interface PictureFieldProps {
  /** Address of the picture in this page; null without one. */
  shown: string | null
  /** Whether it is not saved yet. */
  isNew: boolean
  problem: string | undefined
  onPick(file: File | null): void
}

/** The picture of the profile: a file takes its place. */
export function PictureField({ shown, isNew, problem, onPick }: PictureFieldProps) {
  const t = useText()
  const [isRefused, setRefused] = useState(false)
  const [name, setName] = useState<string | null>(null)
  return (
    <div className="flex flex-wrap items-start gap-4">
      {shown && <img src={shown} alt={t('profile.picture.alt')} className="size-16 rounded-full object-cover" />}
      <div className="min-w-56 flex-1">
        <Field
          label={t('profile.picture')}
          hint={t('profile.picture.hint')}
          problem={isRefused ? t('profile.picture.refused') : problem}
        >
          {ids => (
            <FileInput
              {...ids}
              accept={PICTURE_TYPES.join(',')}
              chosen={isNew ? name : null}
              onChoose={file => {
                const isTaken = isPicture(file)
                setRefused(!isTaken)
                setName(file.name)
                onPick(isTaken ? file : null)
              }}
            />
          )}
        </Field>
      </div>
      {isNew && (
        <Button small kind="quiet" onClick={() => onPick(null)}>
          {t('profile.picture.keep')}
        </Button>
      )}
    </div>
  )
}
