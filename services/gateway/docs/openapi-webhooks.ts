type Json = Record<string, unknown>

const ADDRESSES = ['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp']

/** Webhook paths for Meta. Ingest serves them on its own port, so each path carries that address. */
export function webhookPaths(ingestUrl: string): Json {
  return Object.fromEntries(
    ADDRESSES.map((address, i) => [address, { servers: [{ url: ingestUrl }], get: challenge(i), post: delivery(i) }]),
  )
}

const challenge = (i: number) => ({
  operationId: `getWebhook${i || ''}`,
  summary: 'Verify the webhook address for Meta by answering its challenge',
  tags: ['webhook'],
  security: [],
  parameters: ['hub.mode', 'hub.verify_token', 'hub.challenge'].map(name => ({
    name,
    in: 'query',
    required: true,
    schema: { type: 'string', maxLength: 256 },
  })),
  responses: {
    200: { description: 'The challenge', content: { 'text/plain': { schema: { type: 'string' } } } },
    403: { description: 'Wrong verify token' },
  },
})

const delivery = (i: number) => ({
  operationId: `postWebhook${i || ''}`,
  summary: 'Receive signed messages, statuses and account changes from Meta',
  tags: ['webhook'],
  security: [],
  parameters: [
    {
      name: 'X-Hub-Signature-256',
      in: 'header',
      required: true,
      description: '`sha256=` and the hex HMAC of the body with the app secret',
      schema: { type: 'string', pattern: '^sha256=[0-9a-f]{64}$' },
    },
  ],
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', required: ['entry'] } } } },
  responses: {
    200: { description: 'Stored; it will be processed' },
    400: { description: 'Signed, but not a webhook envelope' },
    401: { description: 'Missing or wrong signature' },
    413: { description: 'Larger than 3.5 MiB' },
    415: { description: 'Compressed body' },
    503: { description: 'Not stored; deliver it again' },
  },
})
