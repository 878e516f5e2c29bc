/** FNV-1a, 32 bits: one number stands for all the ids that were received, in their order. */
export const START = 0x811c9dc5

export function addToHash(hash: number, text: string): number {
  let result = hash
  for (let i = 0; i < text.length; i++) result = Math.imul(result ^ text.charCodeAt(i), 0x01000193) >>> 0
  return result
}
