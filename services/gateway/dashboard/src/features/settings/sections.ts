/** Sections of the settings, in their order. */
export const SECTIONS = ['account', 'company', 'keys'] as const
export type Section = (typeof SECTIONS)[number]
