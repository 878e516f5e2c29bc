import { useLingui } from '@lingui/react'
import { type KeyboardEvent, type PointerEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { directionOf, type Language } from '../../lib/i18n/languages.ts'
import { useDays } from './days.ts'
import { type Axis, type Bands, bandsOf } from './drawing.ts'

export interface Reading {
  name: string
  value: string
  /** Sample of how it is drawn. */
  mark: ReactNode
}

interface PlotProps {
  title: string
  /** The days along the axis, in their order. */
  days: readonly string[]
  axis: Axis
  height: number
  tickText(tick: number): string
  /** What is read at a day, best first. */
  readings(i: number): Reading[]
  /** Said of a day beside its date: that it is not over. */
  noteOf?: (i: number) => string | null
  /** Drawn in real pixels, from the left; it is mirrored where one reads from the right. */
  children(bands: Bands, width: number): ReactNode
}

/** A time series: axis, drawing, and a cursor that the pointer and the arrow keys move. */
export function Plot({ title, days, axis, height, tickText, readings, noteOf = () => null, children }: PlotProps) {
  const field = useRef<HTMLDivElement>(null)
  const width = useWidth(field)
  const [at, setAt] = useState<number | null>(null)
  const { short, long } = useDays()
  const bands = bandsOf(days.length, width)
  const shown = at === null ? null : Math.min(at, days.length - 1)
  const dayOf = (i: number) => [long(days[i] as string), noteOf(i)].filter(Boolean).join(', ')
  const spoken = (i: number) =>
    `${dayOf(i)}: ${readings(i)
      .map(({ name, value }) => `${name} ${value}`)
      .join(', ')}`
  return (
    <div className="grid grid-cols-[3rem_minmax(0,1fr)] gap-x-2 gap-y-1 text-meta text-ink-3">
      <Ticks axis={axis} height={height} tickText={tickText} />
      <div ref={field} className="relative" style={{ blockSize: height }}>
        <Cursor title={title} count={days.length} bands={bands} at={shown} spoken={spoken} onMove={setAt}>
          <svg aria-hidden="true" width={width} height={height} className="turns absolute inset-0 block">
            <Lines axis={axis} width={width} height={height} />
            {shown !== null && (
              <rect
                x={bands.start(shown)}
                width={Math.max(bands.width, 1)}
                height={height}
                style={{ fill: 'var(--brand-soft)' }}
              />
            )}
            {children(bands, width)}
          </svg>
        </Cursor>
        {shown !== null && <Readout title={dayOf(shown)} readings={readings(shown)} start={bands.start(shown)} width={width} />}
      </div>
      <div aria-hidden="true" className="figures relative col-start-2 h-5">
        {bands.labelled.map(i => (
          <span key={days[i]} className="absolute whitespace-nowrap" style={{ insetInlineStart: bands.start(i) }}>
            {short(days[i] as string)}
          </span>
        ))}
      </div>
    </div>
  )
}

/** Before the first measure, and where nothing can be measured. */
const ASSUMED = 640

function useWidth(of: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(ASSUMED)
  useEffect(() => {
    const element = of.current
    if (element === null) return
    const measure = () => element.clientWidth > 0 && setWidth(element.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [of])
  return width
}

function Ticks({ axis: { ticks, y }, height, tickText }: { axis: Axis; height: number; tickText(tick: number): string }) {
  return (
    <div aria-hidden="true" className="figures relative" style={{ blockSize: height }}>
      {ticks.map(tick => (
        <span key={tick} className="absolute end-0 translate-y-1/2 leading-none" style={{ insetBlockEnd: y(tick) }}>
          {tickText(tick)}
        </span>
      ))}
    </div>
  )
}

const Lines = ({ axis: { ticks, y }, width, height }: { axis: Axis; width: number; height: number }) =>
  ticks.map(tick => (
    <line
      key={tick}
      x2={width}
      y1={height - y(tick)}
      y2={height - y(tick)}
      style={{ stroke: tick === 0 ? 'var(--line-strong)' : 'var(--line)' }}
    />
  ))

interface CursorProps {
  title: string
  count: number
  bands: Bands
  at: number | null
  spoken(i: number): string
  onMove(at: number | null): void
  children: ReactNode
}

/** Chooses a day. To a screen reader it is a slider whose value is what stands there. */
function Cursor({ title, count, bands, at, spoken, onMove, children }: CursorProps) {
  const { i18n } = useLingui()
  const isRtl = directionOf(i18n.locale as Language) === 'rtl'
  const now = at ?? count - 1
  const follow = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const { left, right } = currentTarget.getBoundingClientRect()
    onMove(bands.at(isRtl ? right - clientX : clientX - left))
  }
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key]
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? count - 1 : step === undefined ? null : now + step
    if (next === null) return
    event.preventDefault()
    onMove(Math.min(count - 1, Math.max(0, next)))
  }
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={title}
      aria-readonly="true"
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={now}
      aria-valuetext={spoken(now)}
      onFocus={event => event.currentTarget.matches(':focus-visible') && onMove(now)}
      onBlur={() => onMove(null)}
      onKeyDown={move}
      onPointerMove={follow}
      onPointerDown={follow}
      onPointerLeave={() => onMove(null)}
      className="absolute inset-0"
    >
      {children}
    </div>
  )
}

const READOUT = 184

function Readout({ title, readings, start, width }: { title: string; readings: Reading[]; start: number; width: number }) {
  // Beside the column, on the side where there is room.
  const inset = start + 24 + READOUT <= width ? start + 24 : Math.max(0, start - READOUT - 8)
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute top-1 z-popover grid gap-1 rounded-2 bg-raised px-3 py-2 text-ui text-ink shadow-2"
      style={{ insetInlineStart: inset, inlineSize: READOUT }}
    >
      <b className="weight-name">{title}</b>
      <dl className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3">
        {readings.map(({ name, value, mark }) => (
          <div key={name} className="contents">
            <dt className="flex items-center gap-1.5">
              {mark}
              {name}
            </dt>
            <dd className="figures text-end">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

/** What is drawn how; nothing for one series. */
export const Legend = ({ entries }: { entries: readonly { name: string; mark: ReactNode }[] }) => (
  <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-ink-2">
    {entries.map(({ name, mark }) => (
      <li key={name} className="flex items-center gap-1.5">
        {mark}
        {name}
      </li>
    ))}
  </ul>
)
