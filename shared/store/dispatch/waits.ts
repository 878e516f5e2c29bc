/**
 * Waits of a message. They are kept in `dispatch`, one for each reason, and written only when a message is postponed; the next
 * attempt moves them to the timeline.
 */

/** Fields of a pipeline update: the message waits for `reason` from now on, or still does. @see waitsUntil */
export function waitingFor(reason: string, now: Date) {
  const open = '$dispatch.wait'
  const closed = { $ifNull: ['$dispatch.waits', []] }
  const isStill = { $eq: [`${open}.reason`, reason] }
  const isNone = { $eq: [{ $ifNull: [open, null] }, null] }
  const ofItsReason = { $eq: ['$$this.reason', `${open}.reason`] }
  const joined = {
    $let: {
      vars: { before: { $first: { $filter: { input: closed, cond: ofItsReason } } } },
      in: {
        reason: `${open}.reason`,
        since: { $ifNull: ['$$before.since', `${open}.since`] },
        ms: { $add: [{ $ifNull: ['$$before.ms', 0] }, { $max: [0, { $subtract: [now, `${open}.since`] }] }] },
        times: { $add: [{ $ifNull: ['$$before.times', 0] }, 1] },
      },
    },
  }
  const others = { $filter: { input: closed, cond: { $not: [ofItsReason] } } }
  return {
    'dispatch.wait': { $cond: [isStill, open, { reason, since: now }] },
    'dispatch.waits': { $cond: [{ $or: [isStill, isNone] }, closed, { $concatArrays: [others, [joined]] }] },
  }
}
