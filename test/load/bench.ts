import { Unfinished } from './measure/patience.ts'

const BENCHES = [
  'receiver',
  'recorder',
  'sender',
  'road',
  'sockets',
  'mixed',
  'backlog',
  'cost',
  'foreign-ids',
  'subscriptions',
  'inbox',
  'dashboard',
  'operations',
]

/** `npm run bench -- <name>`: product, skeleton and ratio from one run. See docs/benchmarks.md. */
const [name = ''] = process.argv.slice(2)
if (!BENCHES.includes(name)) {
  console.error(`npm run bench -- ${BENCHES.join('|')}`)
  process.exit(2)
}
const { run } = (await import(`./${name}.ts`)) as { run(): Promise<void> }
await run().catch(error => {
  if (!(error instanceof Unfinished)) throw error
  console.error(`NOT FINISHED: ${error.message}`)
  process.exitCode = 1
})
