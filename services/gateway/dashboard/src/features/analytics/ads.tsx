import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { type AdsReport, adsAsked, type Narrowed } from './data.ts'
import { shareOf } from './drawing.ts'
import { MeterTable } from './meter-table.tsx'
import { Section } from './section.tsx'

/** Which ads and posts brought customers, the most frequent first. */
export function Ads({ narrowed }: { narrowed: Narrowed }) {
  const t = useText()
  const { number } = useFormat()
  return (
    <Section<AdsReport>
      title={t('analytics.ads.title')}
      asked={adsAsked(narrowed)}
      isEmpty={({ data }) => data.length === 0}
      note={(narrowed.agent || narrowed.template) && t('analytics.notByAgent')}
    >
      {({ data }) => (
        <MeterTable
          heads={[t('analytics.ads.ad'), t('analytics.count')]}
          rows={data.map(({ adId, headline, messages }) => ({
            key: adId,
            head: <bdi>{headline ?? adId}</bdi>,
            under: headline && <bdi className="figures">{adId}</bdi>,
            figures: [number(messages)],
            share: shareOf(messages, data[0]?.messages ?? 0) ?? 0,
          }))}
        />
      )}
    </Section>
  )
}
