import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { sayFailure } from '../../lib/server/say.ts'
import { CodeAndStep } from '../../ui/code-and-step.tsx'
import { type FailuresReport, failuresAsked, type Narrowed } from './data.ts'
import { shareOf } from './drawing.ts'
import { MeterTable } from './meter-table.tsx'
import { Section } from './section.tsx'

/** Why messages failed, the most frequent first, and what to do. */
export function Failures({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { number } = useFormat()
  return (
    <Section<FailuresReport>
      title={t('analytics.failures.title')}
      asked={failuresAsked(narrowed)}
      isEmpty={({ data }) => data.length === 0}
    >
      {({ data }) => (
        <MeterTable
          kind="fail"
          heads={[t('analytics.why'), t('analytics.count')]}
          rows={data.map(({ code, key, title, nextStep, messages }) => ({
            key: String(code ?? key),
            head: <bdi>{sayFailure({ key, code, sentence: title, nextStep }).sentence}</bdi>,
            under: <CodeAndStep code={code} nextStep={sayFailure({ key, code, sentence: title, nextStep }).nextStep} />,
            figures: [number(messages)],
            share: shareOf(messages, data[0]?.messages ?? 0) ?? 0,
          }))}
        />
      )}
    </Section>
  )
}
