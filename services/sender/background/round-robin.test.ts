import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { Outage } from '#shared/domain/errors.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { createRoundRobin } from './round-robin.ts'

const log = pino({ level: 'silent' })
const roundRobinOver = (ids: string[]) =>
  createRoundRobin({ raw: { messages: { distinct: async () => ids } } } as unknown as Store, log)
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

describe('each number', () => {
  test('is served in a round', async () => {
    const seen: string[] = []
    await roundRobinOver(IDS).each('s', 'READY', async id => seen.push(id))
    expect(seen).toEqual(IDS)
  })

  test('is served when another fails', async () => {
    const seen: string[] = []
    const work = async (id: string) => {
      if (id === 'a') throw new Error('no')
      return seen.push(id)
    }
    await roundRobinOver(IDS).each('s', 'READY', work)
    expect(seen).toEqual(IDS.slice(1))
  })

  test('is first in some round: a round that ended at its limit is continued after its last number', async () => {
    const roundRobin = roundRobinOver(IDS)
    const round = async () => {
      const seen: string[] = []
      await roundRobin.each('s', 'READY', async id => 500 * Number(seen.push(id) > 0), 2000)
      return seen.join('')
    }
    expect([await round(), await round(), await round(), await round()]).toEqual(['abcd', 'efgh', 'ijab', 'cdef'])
  })

  test('is not skipped when an outage ends the round', async () => {
    const roundRobin = roundRobinOver(IDS)
    const seen: string[] = []
    let isAway = true
    const work = async (id: string) => {
      if (isAway && id === 'f') throw new Outage('away')
      return seen.push(id)
    }
    await expect(roundRobin.each('s', 'READY', work)).rejects.toThrow(Outage)
    isAway = false
    seen.length = 0
    await roundRobin.each('s', 'READY', work)
    expect(seen.slice(0, 4)).toEqual(['e', 'f', 'g', 'h'])
  })
})

describe('an equal share of the rows', () => {
  /** A finder over so many rows of each number. */
  const rowsOf = (counts: Record<string, number>) => async (limit: number, phoneNumberId?: string) =>
    Object.entries(counts)
      .flatMap(([id, count]) => Array.from({ length: count }, () => ({ phoneNumberId: id }) as MessageDoc))
      .filter(row => phoneNumberId === undefined || row.phoneNumberId === phoneNumberId)
      .slice(0, limit)
  const countBy = (rows: MessageDoc[]) =>
    Object.fromEntries([...Map.groupBy(rows, row => row.phoneNumberId)].map(([id, own]) => [id, own.length]))

  test('is every row while they are few', async () => {
    const find = rowsOf({ a: 3, b: 2 })
    expect(countBy(await roundRobinOver(['a', 'b']).equalShare('s', 'UNKNOWN', 10, find))).toEqual({ a: 3, b: 2 })
  })

  test('is equally many rows of each number when one has very many', async () => {
    const find = rowsOf({ a: 1000, b: 1, c: 1000 })
    expect(countBy(await roundRobinOver(['a', 'b', 'c']).equalShare('s', 'UNKNOWN', 30, find))).toEqual({ a: 10, b: 1, c: 10 })
  })

  test('reaches every number after some rounds', async () => {
    const roundRobin = roundRobinOver(IDS)
    const find = rowsOf(Object.fromEntries(IDS.map(id => [id, 5])))
    const rounds = [1, 2, 3, 4].map(() => () => roundRobin.equalShare('s', 'UNKNOWN', 3, find))
    const seen: string[] = []
    for (const round of rounds) seen.push(...(await round()).map(row => row.phoneNumberId))
    expect([...new Set(seen)].toSorted()).toEqual(IDS)
  })
})
