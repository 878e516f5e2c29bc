import clsx from 'clsx'
import type { ComponentProps, ReactNode } from 'react'
import { Icon, type TablerIcon } from './icons.tsx'
import { Key } from './key.tsx'

type Kind = 'primary' | 'ordinary' | 'quiet' | 'danger' | 'link'

const KINDS: Record<Kind, string> = {
  primary: 'border-transparent bg-brand text-on-brand hover:bg-brand-hover',
  ordinary: 'border-line-strong bg-raised text-ink hover:bg-hover active:border-brand active:bg-brand-soft',
  quiet: 'border-transparent bg-transparent text-ink-2 hover:bg-hover hover:text-ink active:bg-brand-soft',
  danger: 'border-transparent bg-danger text-on-danger',
  link: 'border-transparent bg-transparent text-brand underline-offset-2 hover:underline',
}

export interface ButtonStyle {
  /** One primary button a page. */
  kind?: Kind
  /** 26 px, in rows only. */
  small?: boolean
  wide?: boolean
  iconOnly?: boolean
}

export const buttonClass = ({ kind = 'ordinary', small = false, wide = false, iconOnly = false }: ButtonStyle): string =>
  clsx(
    'relative inline-flex shrink-0 items-center justify-center gap-1.5 rounded-2 border text-ui leading-tight font-medium whitespace-nowrap transition-colors duration-(--m-fast)',
    'disabled:cursor-not-allowed disabled:border-line disabled:bg-sunk disabled:text-ink-3 aria-disabled:cursor-not-allowed aria-disabled:border-line aria-disabled:bg-sunk aria-disabled:text-ink-3',
    small ? 'min-h-6.5 pointer-coarse:min-h-9' : 'min-h-(--control)',
    iconOnly ? (small ? 'w-6.5 pointer-coarse:w-9' : 'w-(--control)') : small ? 'px-2' : kind === 'link' ? 'px-1' : 'px-3',
    wide && 'w-full',
    KINDS[kind],
  )

type ButtonProps = Omit<ComponentProps<'button'>, 'className'> & {
  kind?: Kind
  small?: boolean
  wide?: boolean
  icon?: TablerIcon
  /** Arrows of movement turn round in Arabic. */
  turns?: boolean
  /** Keeps width and words, shows that it works, and takes no second click. */
  busy?: boolean
  shortcut?: string
  children: ReactNode
}

/** A verb that names its effect. */
export function Button({
  kind,
  small,
  wide,
  icon,
  turns = false,
  busy = false,
  shortcut,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  const style = { ...(kind && { kind }), ...(small && { small }), ...(wide && { wide }) }
  return (
    <button
      {...rest}
      type={type}
      aria-busy={busy || undefined}
      className={buttonClass(style)}
      onClick={busy ? event => event.preventDefault() : onClick}
    >
      {busy && (
        <span className="absolute inset-0 grid place-items-center" aria-hidden="true">
          <span className="turning size-4 rounded-full border-2 border-current border-b-transparent" />
        </span>
      )}
      <span className={clsx('contents', busy && '[&>*]:opacity-0')}>
        {icon && <Icon of={icon} className={turns ? 'turns' : undefined} />}
        <span className={clsx(busy && 'opacity-0')}>{children}</span>
        {shortcut && <Key>{shortcut}</Key>}
      </span>
    </button>
  )
}

type IconButtonProps = Omit<ComponentProps<'button'>, 'className' | 'children'> & {
  icon: TablerIcon
  /** What it does, for screen readers and as a tooltip. */
  label: string
  kind?: Kind
  small?: boolean
  /** Arrows of movement turn round in Arabic. */
  turns?: boolean
}

export function IconButton({
  icon,
  label,
  kind = 'quiet',
  small = false,
  turns = false,
  type = 'button',
  ...rest
}: IconButtonProps) {
  return (
    <button {...rest} type={type} aria-label={label} title={label} className={buttonClass({ kind, small, iconOnly: true })}>
      <Icon of={icon} className={turns ? 'turns' : undefined} />
    </button>
  )
}
