import { z } from 'zod'
import { hasEmoji, MAX_ICE_BREAKER, MAX_ICE_BREAKERS } from '#shared/domain/numbers/ice-breakers.ts'
import { route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf } from '../expected.ts'
import { IdParams } from '../schemas.ts'
import { findIceBreakers, replaceIceBreakers } from './ice-breakers.ts'

const tag = 'numbers'
const path = '/api/v1/phone-numbers/{id}/ice-breakers'

const IceBreakersView = z.object({
  prompts: z.array(z.string()).describe('Questions that a customer who opens the chat for the first time can send by a tap'),
})

const Prompt = z
  .string()
  .trim()
  .min(1)
  .max(MAX_ICE_BREAKER)
  .refine(text => !hasEmoji(text), { error: 'Must not have an emoji' })

const read = route({
  method: 'get',
  path,
  action: 'clients.write',
  tag,
  summary: 'Ice breakers of a number, read from WhatsApp',
  params: IdParams,
  returns: IceBreakersView,
  handle: async (request, deps: GatewayDeps) => ({ body: await findIceBreakers(request, deps) }),
})

const replace = route({
  method: 'put',
  path,
  action: 'clients.write',
  tag,
  summary: 'Replace the ice breakers of a number at WhatsApp; its commands and welcome message stay',
  params: IdParams,
  body: z.strictObject({
    prompts: z.array(Prompt).max(MAX_ICE_BREAKERS).describe('Without emoji; an empty list takes all away'),
    expected: expectedOf(z.strictObject({ prompts: z.array(z.string()).optional() })),
  }),
  returns: IceBreakersView,
  handle: async (request, deps: GatewayDeps) => ({ body: await replaceIceBreakers(request, deps, request.body) }),
})

export const iceBreakerRoutes = [read, replace]
