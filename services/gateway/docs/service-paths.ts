import type { Json } from './schemas.ts'

const ANSWER = { type: 'object' }

/** Health, readiness and metrics, which every service answers before its routes. */
export function servicePaths(): Json {
  const json = (description: string) => ({ description, content: { 'application/json': { schema: ANSWER } } })
  const of = (operationId: string, summary: string, responses: Json) => ({
    get: { operationId, summary, tags: ['service'], security: [], responses },
  })
  return {
    '/health': of('getServiceHealth', 'Check that the process is alive', { 200: json('Alive') }),
    '/ready': of('getServiceReadiness', 'Check that the service is ready; 503 names the dependencies that are not', {
      200: json('Ready'),
      503: json('Not ready'),
    }),
    '/metrics': of('getServiceMetrics', 'Get Prometheus metrics', {
      200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
      404: { description: 'Metrics are served on a port of their own' },
    }),
  }
}
