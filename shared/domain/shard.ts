/** FNV-1a hash over the UTF-16 units of `key`, 32 bits unsigned: the same on every machine. */
export function fnv1a(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Shard of one conversation. @param person the waId, or the business-scoped user id when there is no phone. */
export function conversationShard(phoneNumberId: string, person: string, shards: number): number {
  return fnv1a(`${phoneNumberId}:${person}`) % shards
}

/** Shard of a tenant's domain events: one writer per shard gives each tenant one order. */
export function tenantShard(tenantId: string, shards: number): number {
  return fnv1a(tenantId) % shards
}
