import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { BY_HAND } from '#test/system/faults/by-hand.ts'
import { FAULTS } from '#test/system/faults/catalogue.ts'
import { faultsOf, holdersOf, verdictOf } from '#test/system/faults/report.ts'

const named = globSync('{services,shared,deploy,test}/**/*.test.ts', { cwd: ROOT }).flatMap(file =>
  faultsOf(readFileSync(path.join(ROOT, file), 'utf8')).map(fault => ({ file, fault })),
)
const isKnown = (fault: number) => fault >= 1 && fault <= FAULTS.length

test('every fault that a test or a run by hand names is in the catalogue', () => {
  expect(named.filter(({ fault }) => !isKnown(fault))).toEqual([])
  expect(BY_HAND.flatMap(({ faults }) => faults).filter(fault => !isKnown(fault))).toEqual([])
})

test('every trial that holds a fault exists', () => {
  const trials = BY_HAND.flatMap(({ command }) => /^npm run trial -- ([\w-]+)/.exec(command)?.[1] ?? [])
  const files = globSync('test/system/trials/*.ts', { cwd: ROOT }).map(file => path.basename(file, '.ts'))
  expect(trials.filter(name => !files.includes(name))).toEqual([])
})

test('a fault is red if one of its tests is, green if some ran and none failed', () => {
  const report = {
    testResults: [
      {
        name: '/x/a.test.ts',
        assertionResults: [
          { fullName: 'group [F3] one', status: 'passed' },
          { fullName: '[F3] two [F4]', status: 'failed' },
          { fullName: '[F5, F8] three', status: 'passed' },
          { fullName: '[F6] four', status: 'skipped' },
          { fullName: 'five', status: 'failed' },
        ],
      },
    ],
  }
  const holders = holdersOf(report, '/x')
  const verdict = (fault: number, byHand = false) =>
    verdictOf(
      holders.filter(one => one.fault === fault),
      byHand,
    )
  expect(holders).toHaveLength(6)
  expect([verdict(3), verdict(4), verdict(8), verdict(6), verdict(6, true), verdict(7), verdict(7, true)]).toEqual([
    'red',
    'red',
    'green',
    'not run',
    'by hand',
    'open',
    'by hand',
  ])
})
