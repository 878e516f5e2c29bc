import { expect, test } from 'vitest'
import { surplusShard } from './shards.ts'

const shard = (queue: string, active: boolean, inHand = 0) => ({ queue, isActive: () => active, inHand: () => inHand })

test('a process with more than its share hands over the shard with the fewest deliveries in hand', () => {
  const shards = [shard('0', true, 9), shard('1', true, 2), shard('2', true, 5), shard('3', false)]
  expect(surplusShard(shards, 2)?.queue).toBe('1')
  expect(surplusShard(shards, 3)).toBeNull()
})

test('a shard without deliveries is not handed over', () => {
  expect(surplusShard([shard('0', false), shard('1', false)], 0)).toBeNull()
})
