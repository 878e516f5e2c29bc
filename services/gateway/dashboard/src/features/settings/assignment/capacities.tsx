import { useColleagues } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { Bone } from '../../../ui/states.tsx'
import type { Assignment } from '../data.ts'

interface CapacitiesProps {
  capacities: Assignment['capacities']
  /** Of those without one of their own; null: any number. */
  usual: number | null
  onChange(capacities: Assignment['capacities']): void
}

/** Agents with another capacity than the others. */
export function Capacities({ capacities, usual, onChange }: CapacitiesProps) {
  const t = useText()
  const colleagues = useColleagues()
  const agents = colleagues?.filter(({ role }) => role === 'agent')
  const put = (agentId: string, capacity: number | null) => {
    const others = capacities.filter(one => one.agentId !== agentId)
    onChange(capacity === null ? others : [...others, { agentId, capacity }])
  }
  return (
    <fieldset className="grid gap-2">
      <legend className="weight-name mb-1">{t('assignment.capacities')}</legend>
      {!agents && <Bone width="100%" height="3rem" />}
      {agents?.length === 0 && <p className="text-ink-2">{t('assignment.agents.none')}</p>}
      <div className="grid grid-cols-2 gap-3 max-two:grid-cols-1">
        {agents?.map(({ id, name }) => (
          <Field key={id} label={name}>
            {ids => (
              <Input
                {...ids}
                type="number"
                min={1}
                max={10_000}
                placeholder={usual === null ? t('assignment.capacity.any') : String(usual)}
                value={capacities.find(({ agentId }) => agentId === id)?.capacity ?? ''}
                onChange={({ target }) => put(id, target.value === '' ? null : target.valueAsNumber)}
              />
            )}
          </Field>
        ))}
      </div>
    </fieldset>
  )
}
