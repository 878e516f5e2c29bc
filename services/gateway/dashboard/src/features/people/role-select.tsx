import type { Role } from '../../lib/api/types.ts'
import { useText } from '../../lib/i18n/text.tsx'

const ROLES: readonly Role[] = ['agent', 'manager', 'tenant_admin', 'platform_admin']

/** Place of a role: nobody changes somebody with a higher one. */
export const rankOf = (role: Role): number => ROLES.indexOf(role)

interface RoleSelectProps {
  id?: string
  'aria-label'?: string
  'aria-describedby'?: string
  value: Role
  /** The role of who chooses: nobody gives a higher one. */
  own: Role
  disabled?: boolean
  onChange(role: Role): void
}

/** A role, up to one's own. */
export function RoleSelect({ value, own, onChange, ...rest }: RoleSelectProps) {
  const t = useText()
  const offered = ROLES.filter(role => rankOf(role) <= rankOf(own) || role === value)
  return (
    <select
      {...rest}
      value={value}
      onChange={event => onChange(event.target.value as Role)}
      className="min-h-(--control) w-full rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem] disabled:border-line disabled:bg-sunk disabled:text-ink-3"
    >
      {offered.map(role => (
        <option key={role} value={role}>
          {t(`app.role.${role}`)}
        </option>
      ))}
    </select>
  )
}
