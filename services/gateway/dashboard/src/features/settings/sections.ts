/** Sections of the settings, in their order. */
export const SECTIONS = [
  'account',
  'company',
  'labels',
  'replies',
  'hours',
  'assignment',
  'costs',
  'limits',
  'retention',
  'keys',
  'events',
] as const
export type Section = (typeof SECTIONS)[number]

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

export interface SettingsSearch {
  /** Nothing: one's own account. */
  section?: Section
  /** Id of what is shown of the section: an event subscription, a number. */
  open?: string
  /** State of its deliveries. */
  state?: DeliveryState
}

/** Reads the search of an address; what it does not know is left out. */
export function readSettingsSearch(given: Record<string, unknown>): SettingsSearch {
  const section = SECTIONS.find(one => one === given.section)
  const state = DELIVERY_STATES.find(one => one === given.state)
  // An id of digits comes out of the address as a number.
  const open = typeof given.open === 'string' || typeof given.open === 'number' ? String(given.open) : ''
  return { ...(section && { section }), ...(open && { open }), ...(state && { state }) }
}
