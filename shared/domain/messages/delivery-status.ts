/** Delivery statuses in order of progress. `FAILED` from Meta is final, whenever it arrives. */
export const DELIVERY_STATUSES = ['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** Statuses of inbound messages. */
export const INBOUND_STATUSES = ['RECEIVED', 'READ'] as const
export type MessageStatus = DeliveryStatus | (typeof INBOUND_STATUSES)[number]

/** Rank of a failure that the platform declared: just above QUEUED, so that any later report from Meta replaces it. */
const PROVISIONAL_FAILURE_RANK = 0.5

/**
 * Progress of a status as a number.
 * @param provisional true for a FAILED that the platform declared (unknown outcome, deadline), not Meta
 */
export function statusRank(status: DeliveryStatus, provisional = false): number {
  if (status === 'FAILED' && provisional) return PROVISIONAL_FAILURE_RANK
  return DELIVERY_STATUSES.indexOf(status)
}

/** Status of a message after a report: the furthest wins, in any order and with any repetition. */
export function advance(current: DeliveryStatus, reported: DeliveryStatus, currentIsProvisional = false): DeliveryStatus {
  return statusRank(reported) > statusRank(current, currentIsProvisional) ? reported : current
}
