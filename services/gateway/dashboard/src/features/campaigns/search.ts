export const CAMPAIGN_STATES = ['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'DONE', 'CANCELLED'] as const
export type CampaignState = (typeof CAMPAIGN_STATES)[number]

/** States of recipients that the list can be narrowed to. */
export const RECIPIENT_FILTERS = ['pending', 'skipped', 'queued', 'sent', 'delivered', 'read', 'failed'] as const
export type RecipientFilter = (typeof RECIPIENT_FILTERS)[number]

/** Steps of a draft; its template is chosen before it exists. */
export const STEPS = ['template', 'audience', 'estimate', 'schedule'] as const
export type Step = (typeof STEPS)[number]

export interface CampaignsSearch {
  status?: CampaignState
}

export interface CampaignSearch {
  /** Step of a draft; what is missing is where it stands. */
  step?: Step
  /** Recipients that are shown. */
  recipients?: RecipientFilter
}

const oneOf = <Value extends string>(values: readonly Value[], given: unknown): Value | undefined =>
  values.find(value => value === given)

/** Reads the search of an address; what it does not know is left out. */
export function readCampaignsSearch(given: Record<string, unknown>): CampaignsSearch {
  const status = oneOf(CAMPAIGN_STATES, given.status)
  return status ? { status } : {}
}

/** As `readCampaignsSearch`, for one campaign. */
export function readCampaignSearch(given: Record<string, unknown>): CampaignSearch {
  const [step, recipients] = [oneOf(STEPS, given.step), oneOf(RECIPIENT_FILTERS, given.recipients)]
  return { ...(step && { step }), ...(recipients && { recipients }) }
}
