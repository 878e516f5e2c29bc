import type { ReactNode } from 'react'

/** Names and values of a thing, under each other. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-0.5">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="figures">
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  )
}
