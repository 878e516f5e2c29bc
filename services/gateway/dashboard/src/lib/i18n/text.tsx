import { Trans, useLingui } from '@lingui/react'
import { type ReactNode, useCallback } from 'react'
import type { TextId } from './text-ids.ts'

export type TextValues = Record<string, string | number | Date | null>
export type Translate = (id: TextId, values?: TextValues) => string

/** Translator that re-renders its component when the language changes. For attributes and plain strings; `Text` is for content. */
export function useText(): Translate {
  // A new object for each language: what depends on the translator runs again then, and only then.
  const lingui = useLingui()
  return useCallback((id, values) => lingui.i18n._(id, values), [lingui])
}

/**
 * A text with its values. Whatever is not a number is isolated in a `<bdi>` of its own, so that the direction of a name does not mix
 * with that of the sentence, and so that markup in a name stays text.
 */
export function Text({ id, values = {} }: { id: TextId; values?: Record<string, ReactNode> }) {
  const isolated = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? <bdi key={name}>{value}</bdi> : value]),
  )
  return <Trans id={id} values={isolated} />
}
