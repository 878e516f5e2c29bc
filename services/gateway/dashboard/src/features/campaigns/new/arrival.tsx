import { useQuery } from '@tanstack/react-query'
import { useText } from '../../../lib/i18n/text.tsx'
import { Formatted } from '../../../ui/formatted.tsx'
import { Bone } from '../../../ui/states.tsx'
import { filledQuery, type Template } from '../data.ts'

const MEDIA = ['IMAGE', 'VIDEO', 'DOCUMENT']
const upper = (value: unknown) => String(value ?? '').toUpperCase()

/** Kind of file that the head of a template has; null for none. */
export function headerFileOf({ components }: Pick<Template, 'components'>): string | null {
  const format = upper(components.find(({ type }) => upper(type) === 'HEADER')?.format)
  return MEDIA.includes(format) ? format : null
}

/** Stands for a file that is not chosen yet. */
const ANY_FILE = { link: 'https://example.com/file' }

/** A template as a reader sees it: with the given values, and with its own samples where one is missing. */
export function Arrival({ template, values = {} }: { template: Template; values?: Record<string, string> }) {
  const t = useText()
  const samples = Object.fromEntries(template.variables.map(({ name, example }) => [name, example ?? `{{${name}}}`]))
  const file = headerFileOf(template)
  const { data, error } = useQuery(filledQuery(template.id, { ...samples, ...values }, file ? ANY_FILE : undefined))
  if (error) return <p className="text-ink-2">{t('campaigns.arrival.failed')}</p>
  if (data === undefined) return <Bone width="100%" height="8rem" />
  const { header, text, footer, buttons } = data
  return (
    <div className="rounded-3 border border-line bg-sunk p-3" data-phone>
      <div className="min-w-0 rounded-3 border border-line bg-bubble-in text-text shadow-1">
        <div className="grid gap-1 p-2.5">
          {file && <p className="rounded-2 bg-sunk p-4 text-center text-meta text-ink-3">{t('campaigns.arrival.file')}</p>}
          {header && (
            <p dir="auto" className="weight-name wrap-anywhere">
              {header}
            </p>
          )}
          <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
            {text === null ? t('campaigns.arrival.metaText') : <Formatted text={text} />}
          </p>
          {footer && (
            <p dir="auto" className="text-meta wrap-anywhere text-ink-3">
              {footer}
            </p>
          )}
        </div>
        {buttons.map(({ type, text: label }, i) => (
          <p
            // biome-ignore lint/suspicious/noArrayIndexKey: the buttons of a template have no other identity
            key={i}
            className="border-t border-line px-2.5 py-2 text-center text-ui font-medium wrap-anywhere text-brand"
          >
            <bdi>{label ?? type}</bdi>
          </p>
        ))}
      </div>
    </div>
  )
}
