/** What a check found. `skipped`: it could not be asked, because of a setting or of another finding. */
export interface Finding {
  check: string
  state: 'ok' | 'failed' | 'skipped'
  /** What is so, in one sentence. */
  text: string
  /** What to do about it; null where nothing is to be done. */
  cure: string | null
}

export const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text, cure: null })
export const failed = (check: string, text: string, cure: string): Finding => ({ check, state: 'failed', text, cure })
export const skipped = (check: string, text: string): Finding => ({ check, state: 'skipped', text, cure: null })

const SIGNS: Record<Finding['state'], string> = { ok: '✓', failed: '✗', skipped: '–' }

/** The findings as lines for people, the cure below what it cures. */
export function report(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, state, text, cure }) => [
    `${SIGNS[state]} ${check.padEnd(width)}  ${text}`,
    ...(cure === null ? [] : [`  ${' '.repeat(width)}  → ${cure}`]),
  ])
  const wrong = findings.filter(({ state }) => state === 'failed').length
  return [...lines, '', wrong === 0 ? 'Nothing is wrong.' : `${wrong} of ${findings.length} checks found something wrong.`]
}
