import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { EVENT_NAMES } from '#shared/contracts/realtime-event.ts'
import { ROOT } from '#shared/process/config.ts'

/** Type lists, the page that builds events, and what compares names: clients of the sockets, and who is told while the page is closed. */
const MAY_NAME =
  /^shared\/(contracts|store\/events|realtime-client)\/|^shared\/views\/events\.ts$|^services\/sender\/push\/recipients\.ts$|^services\/gateway\/dashboard\/src\//

test.for(EVENT_NAMES)('%s is built on the page of events alone', name => {
  const files = globSync('{services,shared}/**/*.ts', { cwd: ROOT }).filter(file => !file.endsWith('.test.ts'))
  const named = files.filter(file => readFileSync(path.join(ROOT, file), 'utf8').includes(`'${name}'`))
  expect(named.filter(file => !MAY_NAME.test(file))).toEqual([])
})
