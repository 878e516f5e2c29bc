export const PRODUCT = ['gateway', 'ingest', 'realtime', 'sender']

const problems: string[] = []

/** Begins a step. */
export const say = (line: string) => console.log(`── ${line}`)

/** Prints what was seen, and keeps what should not have been. */
export function expectThat(isTrue: boolean, what: string): void {
  console.log(`   ${isTrue ? 'ok    ' : 'NOT OK'}  ${what}`)
  if (!isTrue) problems.push(what)
}

/** What should not have been. */
export const found = (): readonly string[] => problems
