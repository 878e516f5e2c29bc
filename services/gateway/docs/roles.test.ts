import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ACTIONS, ROLES } from '#shared/auth/policy.ts'
import { ROOT } from '#shared/process/config.ts'
import { routes } from '../routes.ts'
import { rolesPage } from './roles.ts'

test('[AU-13] docs/roles.md is what the policy table and the routes say: npm run roles writes it', () => {
  expect(readFileSync(path.join(ROOT, 'docs/roles.md'), 'utf8')).toBe(rolesPage(routes))
})

test('[AU-13] the page names every role, every action and every route', () => {
  const page = rolesPage(routes)
  for (const role of ROLES) expect(page).toContain(`\`${role}\``)
  for (const action of ACTIONS) expect(page).toContain(`| \`${action}\` |`)
  for (const { method, path } of routes) expect(page).toContain(`\`${method.toUpperCase()} ${path}\``)
})
