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
          rows={data.map(({ code, key, title, nextStep: english, messages }) => {
            const { sentence, nextStep } = sayFailure({ key, code, sentence: title, nextStep: english })
            return {
              key: String(code ?? key),
              head: <bdi>{sentence}</bdi>,
              under: <CodeAndStep code={code} nextStep={nextStep} />,
              figures: [number(messages)],
              share: shareOf(messages, data[0]?.messages ?? 0) ?? 0,
            }
          })}
        />
      )}
    </Section>
  )
}
