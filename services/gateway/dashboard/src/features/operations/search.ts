export const VIEWS = ['overview', 'events', 'letters', 'jobs', 'audit', 'find'] as const
export type View = (typeof VIEWS)[number]

export const EVENT_STATES = ['PENDING', 'PROCESSED', 'FAILED', 'IGNORED'] as const
export type EventState = (typeof EVENT_STATES)[number]
export const JOB_STATES = ['PENDING', 'RUNNING', 'DONE', 'FAILED'] as const
export type JobState = (typeof JOB_STATES)[number]

export interface OperationsSearch {
  /** Nothing: the overview. */
  view?: View
  /** State of webhook events. */
  status?: EventState
  /** State of jobs. */
  job?: JobState
  /** Id of the event or dead letter whose drawer is open. */
  open?: string
  /** Cause of the dead letters that are listed. */
  cause?: string
  /** What is looked for: an id or a wamid. */
  q?: string
}

const oneOf = <Value extends string>(values: readonly Value[], given: unknown): Value | undefined =>
  values.find(value => value === given)

/** Reads the search of an address; what it does not know is left out. */
export function readOperationsSearch(given: Record<string, unknown>): OperationsSearch {
  const [view, status, job] = [oneOf(VIEWS, given.view), oneOf(EVENT_STATES, given.status), oneOf(JOB_STATES, given.job)]
  const search: OperationsSearch = { ...(view && { view }), ...(status && { status }), ...(job && { job }) }
  for (const name of ['open', 'cause', 'q'] as const) {
    const value = given[name]
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') search[name] = String(value)
  }
  return search
}
