import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Starts the service that the first argument names, with the arguments after it. `broker-users`, `migrate`, `admin` and `seed` end by themselves.
const ENTRIES = {
  gateway: '../services/gateway/main.ts',
  ingest: '../services/ingest/main.ts',
  sender: '../services/sender/main.ts',
  realtime: '../services/realtime/main.ts',
  'broker-users': './broker-users.ts',
  migrate: './migrate.ts',
  admin: './admin.ts',
  // In the image `linko-demo` only:
  seed: './demo/seed.ts',
  simulator: './simulator/main.ts',
}

const fileOf = name => fileURLToPath(new URL(ENTRIES[name], import.meta.url))
const isPresent = name => existsSync(fileOf(name))

const name = process.argv[2] ?? ''
if (!Object.hasOwn(ENTRIES, name) || !isPresent(name)) {
  const reason = Object.hasOwn(ENTRIES, name)
    ? `The service "${name}" is not in this image; use the image linko-demo.`
    : `The first argument must name a service, not "${name}".`
  console.error(`${reason} This image has: ${Object.keys(ENTRIES).filter(isPresent).join(', ')}.`)
  process.exit(2)
}
// Replaces this process, so that signals reach the service itself.
process.execve(process.execPath, [process.execPath, fileOf(name), ...process.argv.slice(3)], process.env)
