import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findErrors } from '#services/gateway/docs/generate/find-errors.ts'
import { routeErrorsText } from '#services/gateway/docs/generate/route-errors-text.ts'
import { ROUTE_ERRORS_FILE } from '#services/gateway/docs/route-errors.ts'
import { routes } from '#services/gateway/routes.ts'

const found = findErrors(routes)

test('the errors of the OpenAPI document are those of the source: npm run openapi writes them', () => {
  expect(readFileSync(ROUTE_ERRORS_FILE, 'utf8')).toBe(routeErrorsText(found))
})

test('errors are found through functions, files, conditions and parameters', () => {
  const codesOf = (route: string) => (found.routes[route] ?? []).map(name => found.examples[name]?.errorCode)
  // In the route itself; in a function of another file; where a condition chooses the code; where the code is a parameter.
  expect(codesOf('post /api/v1/contacts/{id}/merge')).toContain('SAME_CONTACT')
  expect(codesOf('post /api/v1/messages/send')).toContain('WINDOW_CLOSED')
  expect(codesOf('post /api/v1/campaigns/{id}/start')).toEqual(expect.arrayContaining(['AUDIENCE_EMPTY', 'AUDIENCE_FAILED']))
  expect(codesOf('post /api/v1/messages/send')).toContain('MEDIA_KIND_MISMATCH')
  // Routes that one function makes keep their own errors apart.
  expect(codesOf('put /api/v1/conversations/{id}/snooze')).toContain('SNOOZE_TIME_INVALID')
  expect(codesOf('put /api/v1/conversations/{id}/read')).not.toContain('SNOOZE_TIME_INVALID')
  expect(found.routes['get /api/v1/labels']).toBeUndefined()
})
