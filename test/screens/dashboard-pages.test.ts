import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { dashboardPages } from './dashboard-pages.ts'

const APP = path.join(ROOT, 'services/gateway/dashboard/src/app')
const pages = dashboardPages()

test('every page of the rail is found by its route', () => {
  const nav = readFileSync(path.join(APP, 'nav.ts'), 'utf8')
  const inRail = [...nav.matchAll(/\bto: '([^']+)'/g)].map(([, to = '']) => to.replace(/\/\{-\$\w+\}/g, ''))
  expect(inRail.length).toBeGreaterThan(4)
  expect(inRail.filter(to => !pages.some(page => page.path === to && !page.isPublic))).toEqual([])
})

test('every folder of the route table is found', () => {
  const table = readFileSync(path.join(APP, 'pages.ts'), 'utf8')
  const folders = [...table.matchAll(/features\/([\w-]+)\/route\.ts/g)].map(([, folder]) => folder as string)
  expect(folders.filter(folder => !pages.some(({ name }) => name === folder))).toEqual([])
  expect(pages.find(({ name }) => name === 'sign-in')).toEqual({ name: 'sign-in', path: '/sign-in', isPublic: true })
})
