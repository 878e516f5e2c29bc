/** AMQP `type` of every message, with its version; a consumer refuses unknown ones. */
export const MESSAGE_TYPE = {
  webhook: 'linko.webhook.v1',
  projection: 'linko.projection.v1',
  sendJob: 'linko.send-bell.v1',
  events: 'linko.events.v1',
  media: 'linko.media.v1',
  receipt: 'linko.receipt.v1',
} as const
export type MessageType = (typeof MESSAGE_TYPE)[keyof typeof MESSAGE_TYPE]
