/** Furthest last: Meta's word `FAILED` is final, whenever it comes. */
export const DELIVERY_STATUSES = ['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** Inbound messages know two states only. */
export const INBOUND_STATUSES = ['RECEIVED', 'READ'] as const
export type MessageStatus = DeliveryStatus | (typeof INBOUND_STATUSES)[number]

/** A failure that we declared ourselves stands just above QUEUED, so that any later word of Meta replaces it. */
const PROVISIONAL_FAILURE_RANK = 0.5

/** @param provisional true for a FAILED that the platform declared (unknown outcome, deadline), not Meta. */
export function statusRank(status: DeliveryStatus, provisional = false): number {
  if (status === 'FAILED' && provisional) return PROVISIONAL_FAILURE_RANK
  return DELIVERY_STATUSES.indexOf(status)
}

/** The status a message holds once `reported` is heard: the furthest wins, in any order, however often repeated. */
export function advance(current: DeliveryStatus, reported: DeliveryStatus, currentIsProvisional = false): DeliveryStatus {
  return statusRank(reported) > statusRank(current, currentIsProvisional) ? reported : current
}
