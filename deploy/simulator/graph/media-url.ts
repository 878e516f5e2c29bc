import { createHmac } from 'node:crypto'
import type { Simulation } from '../simulation.ts'

const URL_MS = 5 * 60_000
export const DOWNLOAD_PATH = '/whatsapp_business/attachments/'

/** A download URL of a media id, valid for five minutes. @param origin address at which the caller reaches the simulator */
export function downloadUrl(sim: Simulation, mediaId: string, origin: string, source?: string): string {
  const until = String(Math.floor((sim.now() + URL_MS) / 1000))
  const marked = source ? `&source=${source}` : ''
  return `${origin}${DOWNLOAD_PATH}?mid=${mediaId}${marked}&ext=${until}&hash=${hashOf(sim, mediaId, until)}`
}

/** Whether a download URL was made here and has not expired. */
export function urlIsValid(sim: Simulation, query: URLSearchParams): boolean {
  const until = query.get('ext') ?? '0'
  if (Number(until) * 1000 < sim.now()) return false
  return query.get('hash') === hashOf(sim, query.get('mid') ?? '', until)
}

const hashOf = (sim: Simulation, mediaId: string, until: string) =>
  `ATs${createHmac('sha256', sim.world.app.secret).update(`${mediaId}:${until}`).digest('hex').slice(0, 32)}`
