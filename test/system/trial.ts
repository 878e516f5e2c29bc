const TRIALS = [
  'recorders',
  'broker-outage',
  'broker-cluster',
  'frozen-broker',
  'mongodb-outage',
  'stopped-shard',
  'frozen-database',
  'silent-sockets',
  'disk-full',
  'sockets',
  'fairness',
  'rates',
  'faults',
  'killed-senders',
  'killed-steps',
  'two-owners',
  'million',
  'soak',
]

/** `npm run trial -- recorders|broker-outage|stopped-shard|…`: what a product may promise only once it was seen. See docs/trials.md. */
const [name = ''] = process.argv.slice(2)
if (!TRIALS.includes(name)) {
  console.error(`npm run trial -- ${TRIALS.join('|')}`)
  process.exit(2)
}
const { run } = (await import(`./trials/${name}.ts`)) as { run(): Promise<Facts> }
const facts = await run()
process.exit(print(facts) ? 0 : 1)

/** What was seen, each with whether it is allowed; `null` is only printed. */
export type Facts = Record<string, readonly [seen: string | number, isGood: boolean | null]>

function print(seen: Facts): boolean {
  for (const [what, [value, isGood]] of Object.entries(seen))
    console.log(`${isGood === null ? '      ' : isGood ? 'passed' : 'FAILED'}  ${what.padEnd(58)} ${value}`)
  return Object.values(seen).every(([, isGood]) => isGood !== false)
}
