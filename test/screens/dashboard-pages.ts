import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'

/** A page of the dashboard, as its route says. */
export interface DashboardPage {
  /** Folder of the page: `inbox`. */
  name: string
  /** Address without what is optional in it. */
  path: string
  /** For people who are not signed in. */
  isPublic: boolean
}

const FEATURES = 'services/gateway/dashboard/src/features'

/** All pages, from the files of their routes, so that a new page is looked at by itself. Addresses that need an id are left out. */
export function dashboardPages(): DashboardPage[] {
  const files = globSync(`${FEATURES}/*/route.ts`, { cwd: ROOT }).sort()
  return files.flatMap(file => {
    const source = readFileSync(path.join(ROOT, file), 'utf8')
    const name = path.basename(path.dirname(file))
    return [...source.matchAll(/getParentRoute: \(\) => (\w+),\s+path: '([^']+)'/g)]
      .map(([, parent, address = '']) => ({
        ...{ name, isPublic: parent === 'rootRoute' },
        path: address.replace(/\/\{-\$\w+\}/g, ''),
      }))
      .filter(page => !page.path.includes('$'))
  })
}
