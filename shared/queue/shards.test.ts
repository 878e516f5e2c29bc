import { expect, test } from 'vitest'
import { surplusShard } from './shards.ts'

const shard = (queue: string, active: boolean, inHand = 0) => ({ queue, isActive: () => active, inHand: () => inHand })

test('whoever holds more than the share gives the shard with the least in hand', () => {
  const shards = [shard('0', true, 9), shard('1', true, 2), shard('2', true, 5), shard('3', false)]
  expect(surplusShard(shards, 2)?.queue).toBe('1')
  expect(surplusShard(shards, 3)).toBeNull()
})

test('a shard that gave nothing is not given away', () => {
  expect(surplusShard([shard('0', false), shard('1', false)], 0)).toBeNull()
})
