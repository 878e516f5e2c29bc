import { queryOptions, useQuery } from '@tanstack/react-query'
import { get } from '../../../lib/api/client.ts'
import type { ListPage } from '../../../lib/api/types.ts'
import { keys } from '../../../lib/data/keys.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Field, Select } from '../../../ui/field.tsx'
import type { TemplateRef } from '../data.ts'

const approvedQuery = queryOptions({
  queryKey: [...keys.templates, 'approved'],
  queryFn: ({ signal }) => get<ListPage<TemplateRef>>('/templates', { status: 'APPROVED', limit: 100 }, signal),
  select: page => page.data,
})

interface TemplateFieldProps {
  name: 'initiateTemplate' | 'reengageTemplate'
  chosen: TemplateRef | null
  problem: string | undefined
  onChange(template: TemplateRef | null): void
}

const keyOf = ({ name, language }: TemplateRef) => `${name} (${language})`

/** A default template, out of those that can be sent. One that was chosen and cannot be sent any more stays to be seen. */
export function TemplateField({ name, chosen, problem, onChange }: TemplateFieldProps) {
  const t = useText()
  const { data = [], error } = useQuery(approvedQuery)
  const isGone = chosen !== null && !data.some(one => keyOf(one) === keyOf(chosen))
  const all = isGone ? [chosen, ...data] : data
  return (
    <Field
      label={t(`assignment.${name}`)}
      hint={t(`assignment.${name}.hint`)}
      problem={problem ?? (error ? t('assignment.templates.failed') : undefined)}
    >
      {ids => (
        <Select
          {...ids}
          value={chosen ? keyOf(chosen) : ''}
          onChange={({ target }) => {
            const found = all.find(one => keyOf(one) === target.value)
            onChange(found ? { name: found.name, language: found.language } : null)
          }}
        >
          <option value="">{t('assignment.templates.none')}</option>
          {all.map(one => (
            <option key={keyOf(one)} value={keyOf(one)}>
              {keyOf(one)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}
