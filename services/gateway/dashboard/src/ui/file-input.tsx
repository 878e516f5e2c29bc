import clsx from 'clsx'
import type { ComponentProps } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { CONTROL } from './field.tsx'
import { AttachIcon, Icon } from './icons.tsx'

interface FileInputProps extends Omit<ComponentProps<'input'>, 'type' | 'value' | 'onChange'> {
  /** Name of the file that was chosen. */
  chosen: string | null | undefined
  onChoose(file: File): void
}

/** A choice of a file, which can be dropped on it. A browser would write it in its own language: its control lies over these words. */
export function FileInput({ chosen, onChoose, className, ...rest }: FileInputProps) {
  const t = useText()
  return (
    <div
      className={clsx(
        CONTROL,
        'relative flex items-center gap-2 has-aria-invalid:border-fail has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-focus has-disabled:bg-sunk has-disabled:text-ink-3',
        className,
      )}
    >
      <input
        {...rest}
        type="file"
        className="absolute inset-0 size-full cursor-pointer opacity-0"
        onChange={({ target }) => {
          const file = target.files?.[0]
          // The same file may be chosen again.
          target.value = ''
          if (file) onChoose(file)
        }}
      />
      <Icon of={AttachIcon} size={16} className="text-ink-3" />
      {chosen ? <bdi className="truncate">{chosen}</bdi> : <span aria-hidden="true">{t('ui.file')}</span>}
    </div>
  )
}
