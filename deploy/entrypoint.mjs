// The service named by the first argument; `migrate` creates collections and indexes and ends.
const ENTRIES = {
  gateway: '../services/gateway/main.ts',
  ingest: '../services/ingest/main.ts',
  sender: '../services/sender/main.ts',
  realtime: '../services/realtime/main.ts',
  simulator: './simulator/main.ts',
  migrate: './migrate.ts',
  seed: './demo/seed.ts',
}

const entry = ENTRIES[process.argv[2]]
if (entry === undefined) {
  console.error(`name one of: ${Object.keys(ENTRIES).join(', ')}`)
  process.exit(2)
}
// Replaces this process, so that signals reach the service itself.
process.execve(process.execPath, [process.execPath, new URL(entry, import.meta.url).pathname], process.env)
