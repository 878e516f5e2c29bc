/**
 * WhatsApp ids that may name the same person, the given one first. WhatsApp keeps or drops Brazil's ninth digit, Mexico's 1
 * and Argentina's 9 after the country code; landlines have no second form.
 */
export function phoneVariants(waId: string): string[] {
  for (const rule of [brazil, mexico, argentina]) {
    const variant = rule(waId)
    if (variant !== null) return [waId, variant]
  }
  return [waId]
}

function brazil(waId: string): string | null {
  if (/^55\d{2}9\d{8}$/.test(waId)) return waId.slice(0, 4) + waId.slice(5)
  return /^55\d{2}[6-9]\d{7}$/.test(waId) ? `${waId.slice(0, 4)}9${waId.slice(4)}` : null
}

function mexico(waId: string): string | null {
  if (/^521\d{10}$/.test(waId)) return `52${waId.slice(3)}`
  return /^52[2-9]\d{9}$/.test(waId) ? `521${waId.slice(2)}` : null
}

function argentina(waId: string): string | null {
  if (/^549\d{10}$/.test(waId)) return `54${waId.slice(3)}`
  return /^54[1-8]\d{9}$/.test(waId) ? `549${waId.slice(2)}` : null
}
