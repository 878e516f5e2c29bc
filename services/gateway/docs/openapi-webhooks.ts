type Json = Record<string, unknown>

const ADDRESSES = ['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp']

/** Meta's side: ingest serves it on its own port, so these paths carry its address. */
export function webhookPaths(ingestUrl: string): Json {
  return Object.fromEntries(
    ADDRESSES.map((address, i) => [address, { servers: [{ url: ingestUrl }], get: challenge(i), post: delivery(i) }]),
  )
}

const challenge = (i: number) => ({
  operationId: `getWebhook${i || ''}`,
  summary: "Meta's check of the address: answers the challenge",
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
    403: { description: 'Another verify token' },
  },
})

const delivery = (i: number) => ({
  operationId: `postWebhook${i || ''}`,
  summary: 'Messages, statuses and account changes from Meta, signed',
  tags: ['webhook'],
  security: [],
  parameters: [
    {
      name: 'X-Hub-Signature-256',
      in: 'header',
      required: true,
      description: 'sha256= and the HMAC of the body under the app secret, in hex',
      schema: { type: 'string', pattern: '^sha256=[0-9a-f]{64}$' },
    },
  ],
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', required: ['entry'] } } } },
  responses: {
    200: { description: 'Kept: it will be processed, whatever comes' },
    400: { description: 'Well signed, but no envelope' },
    401: { description: 'Bad or missing signature' },
    413: { description: 'Larger than 3.5 MiB' },
    415: { description: 'Compressed' },
    503: { description: 'It could be kept nowhere: deliver it again' },
  },
})
