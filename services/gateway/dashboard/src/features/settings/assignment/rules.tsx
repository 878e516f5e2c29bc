import { useColleagues, useLabels } from '../../../lib/data/inbox-aids.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Check, Field, Select } from '../../../ui/field.tsx'
import { PlusIcon, TrashIcon, UpIcon } from '../../../ui/icons.tsx'
import type { AssignmentRule } from '../data.ts'

const EMPTY: AssignmentRule = { label: null, clientId: null, agentIds: [] }

/** Which agents get conversations with a label or of a number; the first rule that fits counts. */
export function Rules({ rules, onChange }: { rules: readonly AssignmentRule[]; onChange(rules: AssignmentRule[]): void }) {
  const t = useText()
  const put = (at: number, ...others: AssignmentRule[]) => onChange([...rules.slice(0, at), ...others, ...rules.slice(at + 1)])
  const raise = (at: number) => {
    const [above, own] = [rules[at - 1], rules[at]]
    if (above && own) onChange([...rules.slice(0, at - 1), own, above, ...rules.slice(at + 1)])
  }
  return (
    <fieldset className="grid gap-2">
      <legend className="weight-name mb-1">{t('assignment.rules')}</legend>
      <p className="text-meta text-ink-3">{t('assignment.rules.hint')}</p>
      {rules.length > 0 && (
        <ol className="border-b border-line">
          {rules.map((rule, i) => (
            <Rule
              // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place
              key={i}
              place={i + 1}
              rule={rule}
              onChange={other => put(i, other)}
              onRemove={() => put(i)}
              onRaise={i === 0 ? null : () => raise(i)}
            />
          ))}
        </ol>
      )}
      <div>
        <Button icon={PlusIcon} onClick={() => onChange([...rules, EMPTY])}>
          {t('assignment.rules.add')}
        </Button>
      </div>
    </fieldset>
  )
}

interface RuleProps {
  /** From 1. */
  place: number
  rule: AssignmentRule
  onChange(rule: AssignmentRule): void
  onRemove(): void
  /** Null: it is the first. */
  onRaise: (() => void) | null
}

function Rule({ place, rule, onChange, onRemove, onRaise }: RuleProps) {
  const t = useText()
  const { number } = useFormat()
  const labels = useLabels() ?? []
  const numbers = useNumbers() ?? []
  const names = { n: number(place) }
  // A label that was deleted since stays to be seen.
  const known = rule.label === null || labels.some(({ name }) => name === rule.label) ? [] : [rule.label]
  return (
    <li className="grid gap-2 border-t border-line py-3">
      <div className="flex items-center justify-between gap-2">
        <p className="weight-name">{t('assignment.rule', names)}</p>
        <span className="flex gap-1">
          {onRaise && <IconButton icon={UpIcon} label={t('assignment.rule.raise', names)} onClick={onRaise} />}
          <IconButton icon={TrashIcon} label={t('assignment.rule.remove', names)} onClick={onRemove} />
        </span>
      </div>
      <div className="grid grid-cols-2 gap-3 max-two:grid-cols-1">
        <Field label={t('assignment.rule.label')}>
          {ids => (
            <Select
              {...ids}
              value={rule.label ?? ''}
              onChange={({ target }) => onChange({ ...rule, label: target.value || null })}
            >
              <option value="">{t('assignment.rule.anyLabel')}</option>
              {[...known, ...labels.map(({ name }) => name)].map(name => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('assignment.rule.number')}>
          {ids => (
            <Select
              {...ids}
              value={rule.clientId ?? ''}
              onChange={({ target }) => onChange({ ...rule, clientId: target.value || null })}
            >
              <option value="">{t('assignment.rule.anyNumber')}</option>
              {numbers.map(one => (
                <option key={one.id} value={one.id}>
                  {nameOfNumber(one)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Agents chosen={rule.agentIds} onChange={agentIds => onChange({ ...rule, agentIds })} />
    </li>
  )
}

function Agents({ chosen, onChange }: { chosen: readonly string[]; onChange(ids: string[]): void }) {
  const t = useText()
  const agents = (useColleagues() ?? []).filter(({ role }) => role === 'agent')
  return (
    <fieldset className="grid gap-1">
      <legend className="mb-1">{t('assignment.rule.agents')}</legend>
      {agents.map(({ id, name }) => (
        <Check
          key={id}
          label={<bdi>{name}</bdi>}
          checked={chosen.includes(id)}
          onChange={({ target }) => onChange(target.checked ? [...chosen, id] : chosen.filter(other => other !== id))}
        />
      ))}
      {chosen.length === 0 && <p className="text-time">{t('assignment.rule.nobody')}</p>}
    </fieldset>
  )
}
