import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT, readEnvironment } from '#shared/process/config.ts'
import { describeApi, ingestUrlOf } from './docs/describe-api.ts'
import { postmanCollection } from './docs/postman.ts'
import { routes } from './routes.ts'

/** `npm run openapi`: writes the OpenAPI document and its Postman collection to `docs/` or to the given directory. */
function main(): void {
  const env = readEnvironment()
  const BASE_URL = env.BASE_URL ?? 'http://localhost:3000'
  const ingestUrl = ingestUrlOf({ BASE_URL, SIMULATOR_WEBHOOK_URL: env.SIMULATOR_WEBHOOK_URL ?? 'http://localhost:3001' })
  const document = describeApi(routes, { baseUrl: BASE_URL, ingestUrl })
  const directory = path.resolve(process.argv[2] ?? path.join(ROOT, 'docs'))
  mkdirSync(directory, { recursive: true })
  const files = { 'openapi.json': document, 'postman.json': postmanCollection(document) }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(directory, name), `${JSON.stringify(content, null, 2)}\n`)
    process.stdout.write(`${path.join(directory, name)}\n`)
  }
}

if (import.meta.main) main()
