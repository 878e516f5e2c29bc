import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT, readEnvironment } from '#shared/process/config.ts'
import { routes } from '../../routes.ts'
import { describeApi } from '../describe-api.ts'
import { ingestUrlOf } from '../openapi-routes.ts'
import { postmanCollection } from '../postman.ts'
import { ROUTE_ERRORS_FILE } from '../route-errors.ts'
import { findErrors } from './find-errors.ts'
import { routeErrorsText } from './route-errors-text.ts'

/**
 * `npm run openapi`: finds the errors of each route in the source (`docs/route-errors.json`, which is committed), and writes the
 * OpenAPI document and its Postman collection to `docs/` or to the given directory.
 */
function main(): void {
  writeFileSync(ROUTE_ERRORS_FILE, routeErrorsText(findErrors(routes)))
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
