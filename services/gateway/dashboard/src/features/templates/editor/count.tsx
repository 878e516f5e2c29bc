import { lengthOf } from './problems.ts'

/** How many characters of those that Meta takes; red beyond them. */
export function Count({ of, most }: { of: string; most: number }) {
  const n = lengthOf(of)
  return (
    <bdi dir="ltr" className={n > most ? 'weight-name text-fail' : undefined}>
      {n} / {most}
    </bdi>
  )
}
