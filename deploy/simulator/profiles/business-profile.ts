import { type NumberCall, SUCCESS } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { select } from '../graph/fields.ts'
import { requireWhatsapp } from '../graph/required.ts'
import { isText, textOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import { objectId } from '../world/ids.ts'
import { keepPicture, pictureUrl } from './picture.ts'

const MEMBERS = ['about', 'address', 'description', 'email', 'profile_picture_url', 'websites', 'vertical']
const LIMITS: Record<string, number> = { about: 139, address: 256, description: 512, email: 128 }
const MAX_WEBSITES = 2
const MAX_WEBSITE = 256
const VERTICALS = [
  ...['OTHER', 'AUTO', 'BEAUTY', 'APPAREL', 'EDU', 'ENTERTAIN', 'EVENT_PLAN', 'FINANCE', 'GROCERY', 'GOVT', 'HOTEL', 'HEALTH'],
  ...['NONPROFIT', 'PROF_SERVICES', 'RETAIL', 'TRAVEL', 'RESTAURANT', 'ALCOHOL', 'ONLINE_GAMBLING', 'PHYSICAL_GAMBLING'],
  ...['OTC_DRUGS', 'MATRIMONY_SERVICE'],
]

/** `GET /{phone}/whatsapp_business_profile`. */
export function getProfile({ number, params, origin }: NumberCall): object {
  const { profile } = number
  const picture = () => (isText(profile.picture) ? pictureUrl(origin, profile.picture) : profile.profile_picture_url)
  const all = Object.fromEntries(MEMBERS.map(name => [name, () => profile[name]]))
  const { id: _, ...shown } = select({ ...all, profile_picture_url: picture }, params.fields, ['about', 'vertical'])
  return { data: [{ ...shown, messaging_product: 'whatsapp' }] }
}

/** `POST /{phone}/whatsapp_business_profile`: changes the members that are given. */
export function postProfile({ sim, number, params }: NumberCall): object {
  requireWhatsapp(params)
  checkTexts(params)
  checkWebsites(params.websites)
  if (params.vertical !== undefined && !VERTICALS.includes(String(params.vertical)))
    throw new GraphError(100, { details: `Param vertical must be one of {${VERTICALS.join(', ')}}.` })
  const picture = params.profile_picture_handle === undefined ? null : pictureOf(sim, params.profile_picture_handle)
  for (const name of MEMBERS) if (params[name] !== undefined) number.profile[name] = params[name]
  if (picture !== null) number.profile.picture = picture
  return SUCCESS
}

function checkTexts(params: Record<string, unknown>): void {
  for (const [name, max] of Object.entries(LIMITS)) {
    if (String(params[name] ?? '').length > max)
      throw new GraphError(100, { details: `Param ${name} must be at most ${max} characters long.` })
  }
  if (params.about === '') throw new GraphError(100, { details: 'Param about must not be empty.' })
  const email = textOf(params.email)
  if (email !== undefined && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email))
    throw new GraphError(100, { details: 'Param email must be a valid email address.' })
}

function checkWebsites(websites: unknown): void {
  if (websites === undefined) return
  if (!Array.isArray(websites) || websites.length > MAX_WEBSITES)
    throw new GraphError(100, { details: `Param websites must have at most ${MAX_WEBSITES} elements.` })
  const wrong = websites.find(one => !/^https?:\/\/\S+\.\S+$/.test(String(one)) || String(one).length > MAX_WEBSITE)
  if (wrong !== undefined) throw new GraphError(100, { details: `Param websites must be valid URLs. Received ${wrong}.` })
}

/** Keeps the uploaded file of a handle as a picture. @returns its id */
function pictureOf(sim: Simulation, handle: unknown): string {
  const upload = [...sim.world.uploads.values()].find(one => one.handle === handle && handle !== undefined)
  if (!upload?.mimeType.startsWith('image/'))
    throw new GraphError(100, { details: 'Param profile_picture_handle is not the handle of an uploaded picture.' })
  const id = objectId()
  keepPicture(sim, { id, mimeType: upload.mimeType, bytes: Buffer.concat(upload.received) })
  return id
}
