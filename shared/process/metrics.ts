import { Counter, collectDefaultMetrics, Gauge, Histogram, register } from 'prom-client'

/** All metrics of Linko. Labels are few and bounded: never a tenant, a phone number or an id. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export const webhookReceived = new Counter({
  name: 'linko_webhook_received_total',
  help: 'Webhook deliveries by the answer: accepted, spooled, bad_signature, bad_body, too_large, too_slow, crowded_out, refused.',
  labelNames: ['outcome'],
})
export const webhookConnectionsDropped = new Counter({
  name: 'linko_webhook_connections_dropped_total',
  help: 'Connections without a signed body that were closed for newer ones.',
})
export const webhookAck = new Histogram({
  name: 'linko_webhook_ack_seconds',
  help: 'Time from the complete body to the answer, for accepted webhooks only.',
  buckets: SECONDS,
})
export const webhookProcessed = new Counter({
  name: 'linko_webhook_processed_total',
  help: 'Webhook items by kind (message, status, echo, account, broken; foreign: not about WhatsApp) and outcome (processed, duplicate, ignored, parked, failed).',
  labelNames: ['kind', 'outcome'],
})
export const webhookUnknownNumber = new Counter({
  name: 'linko_webhook_unknown_number_total',
  help: 'Webhook items of a phone_number_id that no tenant has connected; they are kept as ignored.',
})
export const webhookLag = new Histogram({
  name: 'linko_webhook_lag_seconds',
  help: "From ingest's receipt of an item to its commit.",
  buckets: SECONDS,
})
export const parkedDropped = new Counter({
  name: 'linko_parked_dropped_total',
  help: 'Statuses, reactions and edits whose message did not come within a day.',
})
export const sendTotal = new Counter({
  name: 'linko_send_total',
  help: 'Attempts to send through Meta by outcome (accepted, refused, unknown, unsent) and class of error code.',
  labelNames: ['outcome', 'code_class'],
})
export const sendAttempt = new Histogram({
  name: 'linko_send_attempt_seconds',
  help: "One call of Meta's messages endpoint.",
  buckets: SECONDS,
})
export const sendQueueWait = new Histogram({
  name: 'linko_send_queue_wait_seconds',
  help: 'Time from the moment a message was due to its first attempt.',
  buckets: [...SECONDS, 60, 300, 1800],
})
export const eventDeliveries = new Counter({
  name: 'linko_event_deliveries_total',
  help: "Attempts to deliver events to tenants' endpoints by what follows: delivered, retry, exhausted, gone.",
  labelNames: ['outcome'],
})
export const eventDeliveryLag = new Histogram({
  name: 'linko_event_delivery_lag_seconds',
  help: "From the moment an event became a delivery to the attempt that succeeded; an endpoint's own failures count.",
  buckets: [...SECONDS, 60, 600, 3600],
})
export const eventsToExchange = new Counter({
  name: 'linko_events_to_exchange_total',
  help: "Events that the broker has confirmed for the operator's exchange.",
})
export const pushNotifications = new Counter({
  name: 'linko_push_notifications_total',
  help: 'Notifications sent to browsers in which Linko is closed, by outcome: delivered, gone (the subscription has ended), failed.',
  labelNames: ['outcome'],
})
export const mediaUploads = new Counter({
  name: 'linko_media_uploads_total',
  help: 'Files uploaded to Meta for sending, by outcome (ok, refused, unknown, unsent).',
  labelNames: ['outcome'],
})
export const receiptsSent = new Counter({
  name: 'linko_receipts_total',
  help: 'Read receipts and typing indicators sent to customers, by kind (read, typing) and outcome (ok, refused, unknown, unsent).',
  labelNames: ['kind', 'outcome'],
})
export const rateLimited = new Counter({
  name: 'linko_rate_limited_total',
  help: 'Waits and refusals by limit: number, pair, tenant, api, auth, messages, refused (identities), hashes, fallback.',
  labelNames: ['limit'],
})
export const authFailures = new Counter({
  name: 'linko_auth_failures_total',
  help: 'Refused identities by kind (password, code, token, key, link, gateway, oidc) and outcome: wrong, or limited (refused unread after too many).',
  labelNames: ['kind', 'outcome'],
})
export const deadLetters = new Counter({
  name: 'linko_dead_letters_total',
  help: 'Messages that became dead letters, by their queue.',
  labelNames: ['queue'],
})
export const deadLettersOpen = new Gauge({
  name: 'linko_dead_letters_open',
  help: 'Dead letters that were neither replayed nor discarded, by their queue; every recorder reports the same value.',
  labelNames: ['queue'],
})
export const publishFailed = new Counter({
  name: 'linko_publish_failed_total',
  help: 'Failed publishes by cause: returned, nacked, timeout, disconnected, blocked, overloaded, silent.',
  labelNames: ['reason'],
})
export const queueSilent = new Gauge({
  name: 'linko_queue_silent_seconds',
  help: 'Time since a queue confirmed a publish, while publishes wait for it and other queues confirm theirs; 0 otherwise. Above 30 is an alarm: docs/spool.md.',
  labelNames: ['queue'],
})
export const socketConnections = new Gauge({
  name: 'linko_socket_connections',
  help: 'Open authenticated sockets of this process.',
})
export const socketEvents = new Counter({
  name: 'linko_socket_events_total',
  help: 'Events emitted to rooms by this process, by name.',
  labelNames: ['event'],
})
export const eventToSocket = new Histogram({
  name: 'linko_event_to_socket_seconds',
  help: 'Time from the commit of a domain event to its emission.',
  buckets: SECONDS,
})
export const httpRequest = new Histogram({
  name: 'linko_http_request_seconds',
  help: 'REST requests by route template, method and status.',
  labelNames: ['route', 'method', 'status'],
  buckets: SECONDS,
})
export const queueDepth = new Gauge({
  name: 'linko_queue_depth',
  help: 'Messages ready in each queue that this process consumes.',
  labelNames: ['queue'],
})
export const oldestQueued = new Gauge({
  name: 'linko_send_oldest_due_seconds',
  help: 'Age of the oldest message that is due and not yet sent.',
})
export const oldestWaiting = new Gauge({
  name: 'linko_send_oldest_waiting_seconds',
  help: 'Age of the oldest message that waits to be sent and is not scheduled, by priority: chat, campaign. Reported by the sender that runs the sweeps.',
  labelNames: ['priority'],
})
export const sendBacklog = new Gauge({
  name: 'linko_send_backlog',
  help: 'Messages that wait to be sent, by priority (chat, campaign) and reason; beyond 20000 of a state by estimate. Reported by the sender that runs the sweeps.',
  labelNames: ['priority', 'reason'],
})
export const backgroundJobFailed = new Counter({
  name: 'linko_background_job_failed_total',
  help: 'Rounds of background jobs that ended with an error, by job: docs/background-jobs.md.',
  labelNames: ['job'],
})
export const spansDropped = new Counter({
  name: 'linko_spans_dropped_total',
  help: 'Spans that were not exported, by cause: queue_full, export_failed. Stays 0 while no collector is configured.',
  labelNames: ['reason'],
})

collectDefaultMetrics()

/** Body and content type of the `/metrics` page. */
export const metricsPage = async () => ({ contentType: register.contentType, body: await register.metrics() })
