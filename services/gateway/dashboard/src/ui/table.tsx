import clsx from 'clsx'
import type { ReactNode } from 'react'

/** A table with these columns, which scrolls by itself where it is too wide. */
export function ScrollingTable({
  heads,
  className,
  children,
}: {
  heads: readonly string[]
  className?: string
  children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
    <section className={clsx('overflow-x-auto', className)} tabIndex={0} aria-label={heads.join(', ')}>
      <table className="w-full border-collapse">{children}</table>
    </section>
  )
}

/** A table of words. */
export function Table({ heads, children }: { heads: readonly string[]; children: ReactNode }) {
  return (
    <ScrollingTable heads={heads}>
      <thead>
        <tr className="border-b border-line text-ink-3">
          {heads.map(head => (
            <th key={head} className="py-1.5 pe-4 text-start font-normal whitespace-nowrap">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </ScrollingTable>
  )
}

interface CellProps {
  children: ReactNode
  isHead?: boolean
  isFigure?: boolean
}

export function Cell({ children, isHead = false, isFigure = false }: CellProps) {
  const className = clsx('py-2 pe-4 text-start', isHead && 'font-normal', isFigure && 'figures whitespace-nowrap')
  if (isHead)
    return (
      <th scope="row" className={className}>
        {children}
      </th>
    )
  return <td className={className}>{children}</td>
}
