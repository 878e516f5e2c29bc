import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { rolesPage } from './docs/roles.ts'
import { routes } from './routes.ts'

/** `npm run roles`: writes docs/roles.md. */
if (import.meta.main) writeFileSync(path.join(ROOT, 'docs/roles.md'), rolesPage(routes))
