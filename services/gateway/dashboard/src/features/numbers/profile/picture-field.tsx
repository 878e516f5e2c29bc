import { useEffect, useRef, useState } from 'react'
import { PICTURE_TYPES } from '#shared/domain/numbers/business-profile.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field, Input } from '../../../ui/field.tsx'
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
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // Undo takes the file out of the field, too.
    if (!isNew && input.current) input.current.value = ''
  }, [isNew])
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
            <Input
              {...ids}
              ref={input}
              type="file"
              accept={PICTURE_TYPES.join(',')}
              onChange={({ target }) => {
                const file = target.files?.[0] ?? null
                const isTaken = file === null || isPicture(file)
                setRefused(!isTaken)
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
