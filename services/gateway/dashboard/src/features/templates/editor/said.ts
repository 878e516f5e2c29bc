import { createContext, useContext } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import type { Faults } from './problems.ts'

/** What is known to be wrong: by our own rules, and by the server's last answer. */
export interface Said {
  faults: Faults
  server: Record<string, string>
  /** Whether somebody has tried to send it: only then is it said what is missing. */
  isTried: boolean
}

export const SaidContext = createContext<Said>({ faults: {}, server: {}, isTried: false })

/** What is wrong with a field, as a sentence; false while nothing is to be said. */
export function useProblem(): (field: string) => string | false {
  const t = useText()
  const { faults, server, isTried } = useContext(SaidContext)
  return field => {
    const fault = faults[field]
    if (fault && (isTried || !fault.isMissing)) return t(fault.text, fault.values)
    return server[field] ?? false
  }
}
