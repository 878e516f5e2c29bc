import { Link, type LinkProps } from '@tanstack/react-router'
import { buttonClass } from './button.tsx'
import { BackIcon, Icon } from './icons.tsx'

/** The way from a page of one thing back to the list of all. */
export function BackLink({ label, ...target }: { label: string } & Pick<LinkProps, 'to' | 'search'>) {
  return (
    <Link {...target} aria-label={label} title={label} className={buttonClass({ kind: 'quiet', iconOnly: true })}>
      <Icon of={BackIcon} className="turns" />
    </Link>
  )
}
