import type { Availability } from '#shared/contracts/availability.ts'

/** As the contract has them, whose module would bring zod into the page. */
export const AVAILABILITIES = ['available', 'busy', 'offline'] as const satisfies readonly Availability[]
