import { z } from 'zod'
import { route } from '#shared/http/route.ts'
import type { GatewayDeps } from './deps.ts'

const health = route({
  method: 'get',
  path: '/api/v1/health',
  action: null,
  bucket: 'none',
  tag: 'service',
  summary: 'Check that the API is alive',
  returns: z.object({ status: z.literal('ok') }),
  async handle(_request, _deps: GatewayDeps) {
    return { body: { status: 'ok' } }
  },
})

export const serviceRoutes = [health]
