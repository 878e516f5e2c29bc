import { useText } from '../../../lib/i18n/text.tsx'
import { Line, Section } from './section.tsx'

/** What the account notes of its contacts. They are changed on the page of contacts. */
export function Attributes({ attributes }: { attributes: readonly (readonly [name: string, value: unknown])[] }) {
  const t = useText()
  return (
    <Section title={t('side.attributes')}>
      <dl>
        {attributes.map(([name, value]) => (
          <Line key={name} name={<bdi>{name}</bdi>}>
            <bdi>{String(value)}</bdi>
          </Line>
        ))}
      </dl>
    </Section>
  )
}
