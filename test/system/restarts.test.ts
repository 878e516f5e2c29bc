import { beforeAll, expect, inject, test } from 'vitest'
import { startFleet } from './kill/fleet.ts'
import { startRolling } from './kill/rolling.ts'
import { runUnderFaults } from './kill/run.ts'
import { SERVICES } from './kill/services.ts'
import { startSkewed } from './kill/skewed.ts'
import type { Facts } from './trial.ts'

/** For what hangs; each takes about a minute. */
const LIMIT_MS = 900_000
const PEOPLE = 4
const KILLS = 8

beforeAll(() => {
  process.env.LINKO_TEST_SERVERS ??= JSON.stringify(inject('servers'))
})

const wrong = (facts: Facts) => Object.entries(facts).filter(([, [, isGood]]) => isGood === false)

test('[F8] [F9] every service is replaced under load, twice: each leaves with 0, nothing is lost, doubled or out of order', {
  timeout: LIMIT_MS,
}, async () => {
  const { faulty, facts } = await runUnderFaults(env => startRolling(env, 2), { people: PEOPLE, seed: 9 })
  expect(wrong(facts)).toEqual([])
  expect(faulty.exits).toHaveLength(2 * SERVICES.length)
  expect(faulty.exits.filter(({ code }) => code !== 0)).toEqual([])
})

test('[F1] [F2] [F3] [F4] [F6] [F7] services that kill themselves between two steps lose and double nothing', {
  timeout: LIMIT_MS,
}, async () => {
  const plan = { kills: KILLS, services: SERVICES }
  const { faulty, facts } = await runUnderFaults((env, _world, random) => startFleet(env, plan, random), {
    people: PEOPLE,
    seed: 7,
  })
  expect(wrong(facts)).toEqual([])
  expect(faulty.kills).toHaveLength(KILLS)
})

test('[F39] services whose clocks are ten minutes fast and slow lose and double nothing, and keep the order', {
  timeout: LIMIT_MS,
}, async () => {
  const { facts } = await runUnderFaults(env => startSkewed(env, 10), { people: PEOPLE, seed: 3 })
  expect(wrong(facts)).toEqual([])
})
