const WINDOW_MS = 24 * 60 * 60 * 1000
const FUTURE_TOLERANCE_MS = 5 * 60 * 1000

/**
 * Whether free-form messages are allowed now; outside the customer service window only a template is.
 * @param windowExpiresAt 24 h after the customer last wrote; null if never.
 */
export function windowIsOpen(windowExpiresAt: Date | null | undefined, now: Date): boolean {
  return windowExpiresAt != null && windowExpiresAt.getTime() > now.getTime()
}

/**
 * End of the window that an inbound message opens: its own time + 24 h. A stamp more than 5 minutes in the future
 * counts as the moment of arrival, so that a wrong clock cannot lengthen the window.
 */
export function windowEnd(messageAt: Date, arrivedAt: Date): Date {
  return new Date(clampToArrival(messageAt, arrivedAt).getTime() + WINDOW_MS)
}

/** Meta's time of a message, or its arrival where Meta's time is more than 5 minutes later. */
export function clampToArrival(messageAt: Date, arrivedAt: Date): Date {
  return messageAt.getTime() > arrivedAt.getTime() + FUTURE_TOLERANCE_MS ? arrivedAt : messageAt
}
