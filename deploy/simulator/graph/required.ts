import type { Json } from '../world/world.ts'
import { GraphError } from './errors.ts'

/** @throws GraphError 100 unless `messaging_product` is `whatsapp`, as several edges require */
export function requireWhatsapp({ messaging_product: product }: Json): void {
  if (product === 'whatsapp') return
  if (product === undefined) throw new GraphError(100, { details: 'The parameter messaging_product is required.' })
  throw new GraphError(100, { details: 'Param messaging_product must be one of {WHATSAPP}' })
}
