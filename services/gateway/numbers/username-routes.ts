import { z } from 'zod'
import {
  normalizedUsername,
  USERNAME_LENGTH,
  USERNAME_SENTENCES,
  USERNAME_STATUSES,
  usernameProblem,
} from '#shared/domain/numbers/username.ts'
import { route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { claimUsername, findUsername, releaseUsername } from './username.ts'

const tag = 'numbers'
const path = '/api/v1/phone-numbers/{id}/username'

const UsernameView = z.object({
  username: z.string().nullable().describe('Null without one'),
  status: z
    .enum(USERNAME_STATUSES)
    .nullable()
    .describe('`approved`: customers see it; `reserved`: held for the number, not in use yet or in review'),
  suggestions: z.array(z.string()).describe('Usernames that WhatsApp proposes for the number'),
})

/** A username by WhatsApp's rules; case does not count. */
const Username = z
  .string()
  .trim()
  .max(USERNAME_LENGTH.max + 1)
  .superRefine((name, context) => {
    const problem = usernameProblem(name)
    if (problem) context.addIssue({ code: 'custom', message: USERNAME_SENTENCES[problem] })
  })
  .describe(
    '3 to 35 of a to z, 0 to 9, dot and underscore, with a letter; no dot first, last or doubled; not beginning with `www` or ending like `.com`. Case does not count',
  )

const Claim = z.strictObject({
  username: Username,
  transfer: z
    .boolean()
    .default(false)
    .describe('Move it from another number of the same business portfolio, which then has none'),
})

const read = route({
  method: 'get',
  path,
  action: 'clients.write',
  tag,
  summary: 'Username by which customers find a number, read from WhatsApp',
  params: IdParams,
  returns: UsernameView,
  handle: async (request, deps: GatewayDeps) => ({ body: await findUsername(request, deps) }),
})

const claim = route({
  method: 'put',
  path,
  action: 'clients.write',
  tag,
  summary: 'Claim a username for a number at WhatsApp, in place of the one that it has',
  params: IdParams,
  body: Claim,
  returns: UsernameView,
  async handle(request, deps: GatewayDeps) {
    const { username, transfer } = request.body
    return { body: await claimUsername(request, deps, { username: normalizedUsername(username), transfer }) }
  },
})

const release = route({
  method: 'delete',
  path,
  action: 'clients.write',
  tag,
  summary: 'Give the username of a number back at WhatsApp',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    await releaseUsername(request, deps)
    return {}
  },
})

export const usernameRoutes = [read, claim, release]
