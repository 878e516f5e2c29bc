import { useEffect, useState } from 'react'
import { useSecond } from '../../../lib/clock.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import type { Campaign } from '../data.ts'
import { sentOf } from '../progress.tsx'
import { addSample, ratesOf, type Sample } from './samples.ts'

/** Time that the plot shows, in ms. */
const SPAN_MS = 90_000

export interface RateSamples {
  /** Messages a second over the last few seconds; null before the second count. */
  now: number | null
  points: readonly { at: number; rate: number }[]
}

/** Follows the counts while the page is open. */
export function useRate({ id, counts, status }: Campaign): RateSamples {
  const [samples, setSamples] = useState<{ id: string; list: readonly Sample[] }>({ id, list: [] })
  const sent = sentOf(counts)
  useEffect(() => {
    setSamples(({ id: known, list }) => ({ id, list: addSample(known === id ? list : [], { at: Date.now(), sent }, SPAN_MS) }))
  }, [id, sent])
  const points = ratesOf(samples.list)
  return { now: status === 'RUNNING' ? (points.at(-1)?.rate ?? null) : null, points }
}

/** Messages a second since the page was opened, for 90 seconds at most. */
export function Rate({ campaign, samples: { now, points } }: { campaign: Campaign; samples: RateSamples }) {
  const t = useText()
  const { number } = useFormat()
  const clock = useSecond()
  if (campaign.status !== 'RUNNING') return null
  const most = Math.max(1, ...points.map(({ rate }) => rate))
  const xOf = (at: number) => 100 - ((clock - at) / SPAN_MS) * 100
  const path = points.map(
    ({ at, rate }, i) => `${i === 0 ? 'M' : 'L'}${xOf(at).toFixed(1)} ${(40 - (rate / most) * 38).toFixed(1)}`,
  )
  return (
    <section className="grid content-start gap-2">
      <header className="flex items-baseline justify-between gap-3">
        <h2>{t('campaigns.rate')}</h2>
        {now !== null && (
          <p className="figures text-figure" dir="ltr">
            {number(Math.round(now * 10) / 10)}
            <span className="text-meta text-ink-3">/s</span>
          </p>
        )}
      </header>
      <p className="text-meta text-ink-3">{t('campaigns.rate.what')}</p>
      <p className="figures -mb-2 text-meta text-ink-3" dir="ltr">
        {number(Math.ceil(most))}/s
      </p>
      <svg
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        aria-hidden="true"
        className="h-36 w-full overflow-hidden border-y border-line"
      >
        {path.length > 1 && (
          <path d={path.join('')} className="fill-none stroke-(--c1) stroke-2 [vector-effect:non-scaling-stroke]" />
        )}
      </svg>
    </section>
  )
}
