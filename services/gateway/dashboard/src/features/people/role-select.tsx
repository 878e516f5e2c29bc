import type { Role } from '../../lib/api/types.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Select } from '../../ui/field.tsx'

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
    <Select {...rest} value={value} onChange={event => onChange(event.target.value as Role)}>
      {offered.map(role => (
        <option key={role} value={role}>
          {t(`app.role.${role}`)}
        </option>
      ))}
    </Select>
  )
}
