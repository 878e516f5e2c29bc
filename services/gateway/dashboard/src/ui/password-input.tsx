import clsx from 'clsx'
import { type ComponentProps, type KeyboardEvent, type ReactNode, useState } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { IconButton } from './button.tsx'
import { Field, Input } from './field.tsx'
import { HideIcon, Icon, InfoIcon, ShowIcon } from './icons.tsx'

interface PasswordFieldProps extends Omit<ComponentProps<'input'>, 'type' | 'autoComplete'> {
  label: string
  autoComplete: 'current-password' | 'new-password'
  problem?: ReactNode
  hint?: ReactNode
}

/** A password that can be shown, with a word about Caps Lock. */
export function PasswordField({ label, problem, hint, className, ...input }: PasswordFieldProps) {
  const t = useText()
  const [isShown, setShown] = useState(false)
  const [hasCapsLock, setCapsLock] = useState(false)
  const watch = (event: KeyboardEvent) => setCapsLock(event.getModifierState?.('CapsLock') ?? false)
  return (
    <Field label={label} problem={problem} hint={hint} aside={hasCapsLock && <CapsLock />}>
      {ids => (
        <div className="relative" dir="ltr">
          <Input
            name="password"
            required
            {...input}
            {...ids}
            type={isShown ? 'text' : 'password'}
            dir="ltr"
            onKeyUp={watch}
            onKeyDown={watch}
            className={clsx('pe-10 text-[1rem]', className)}
          />
          <span className="absolute inset-y-0 end-1.5 grid place-items-center">
            <IconButton
              icon={isShown ? HideIcon : ShowIcon}
              label={t(isShown ? 'app.signIn.hide' : 'app.signIn.show')}
              aria-pressed={isShown}
              small
              onClick={() => setShown(shown => !shown)}
            />
          </span>
        </div>
      )}
    </Field>
  )
}

function CapsLock() {
  const t = useText()
  return (
    <span className="inline-flex items-center gap-1 text-time">
      <Icon of={InfoIcon} size={16} />
      {t('app.signIn.capsLock')}
    </span>
  )
}
