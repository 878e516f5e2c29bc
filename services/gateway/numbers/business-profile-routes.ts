import { z } from 'zod'
import { objectId } from '#shared/contracts/outbound.ts'
import { MAX_WEBSITES, PROFILE_LIMITS, VERTICALS } from '#shared/domain/numbers/business-profile.ts'
import { route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf } from '../expected.ts'
import { IdParams } from '../schemas.ts'
import { changeProfile, findProfile } from './business-profile.ts'
import { findPicture } from './profile-picture.ts'

const tag = 'numbers'
const path = '/api/v1/phone-numbers/{id}/business-profile'

const ProfileView = z.object({
  about: z.string().nullable(),
  address: z.string().nullable(),
  description: z.string().nullable(),
  email: z.string().nullable(),
  websites: z.array(z.string()),
  vertical: z.string().nullable().describe("WhatsApp's word for the industry, such as RETAIL"),
  pictureUrl: z
    .string()
    .nullable()
    .describe('Address of the picture at WhatsApp, which changes; this API serves it at `/picture`'),
})

const clearable = (text: z.ZodString) => text.nullable()
const Website = z.url({ protocol: /^https?$/, error: 'Must be an address with http:// or https://' }).max(PROFILE_LIMITS.website)

/** Fields of a profile, within Meta's limits. Null takes a text away. */
const Fields = {
  about: z.string().trim().min(1).max(PROFILE_LIMITS.about).optional().describe('WhatsApp lets nobody take it away again'),
  address: clearable(z.string().trim().min(1).max(PROFILE_LIMITS.address)).optional(),
  description: clearable(z.string().trim().min(1).max(PROFILE_LIMITS.description)).optional(),
  email: z.email().max(PROFILE_LIMITS.email).nullable().optional(),
  websites: z.array(Website).max(MAX_WEBSITES).optional(),
  vertical: z.enum(VERTICALS).optional().describe('WhatsApp lets nobody take it away again'),
}

/** Fields as they were read: what Meta holds need not be within the limits of a change. */
const Seen = z.strictObject({
  ...{ about: z.string().nullable().optional(), address: z.string().nullable().optional() },
  ...{ description: z.string().nullable().optional(), email: z.string().nullable().optional() },
  ...{ websites: z.array(z.string()).optional(), vertical: z.string().nullable().optional() },
})

const Patch = z
  .strictObject({
    ...Fields,
    pictureMediaId: objectId.optional().describe('An uploaded JPEG or PNG that becomes the picture: `POST /api/v1/media`'),
    expected: expectedOf(Seen),
  })
  .refine(({ expected: _, ...given }) => Object.keys(given).length > 0, { error: 'Give at least one field to change' })

const read = route({
  method: 'get',
  path,
  action: 'clients.write',
  tag,
  summary: 'What customers see of a number when they tap its name, read from WhatsApp',
  params: IdParams,
  returns: ProfileView,
  handle: async (request, deps: GatewayDeps) => ({ body: await findProfile(request, deps) }),
})

const update = route({
  method: 'patch',
  path,
  action: 'clients.write',
  tag,
  summary: 'Change some of the business profile of a number at WhatsApp; omitted fields keep their value',
  params: IdParams,
  body: Patch,
  returns: ProfileView,
  async handle(request, deps: GatewayDeps) {
    const { expected, pictureMediaId, ...fields } = request.body
    return { body: await changeProfile(request, deps, { fields, pictureMediaId, expected }) }
  },
})

const picture = route({
  method: 'get',
  path: `${path}/picture`,
  action: 'clients.write',
  tag,
  summary: 'The picture of the business profile; 404 without one',
  params: IdParams,
  produces: ['image/jpeg', 'image/png', 'image/webp'],
  handle: findPicture,
})

export const businessProfileRoutes = [read, update, picture]
