import type { RouteErrors } from '../route-errors.ts'

/** Text of `route-errors.json`: a line for each error and each route, so that two changes of different routes do not meet. */
export function routeErrorsText({ examples, signedIn, limited, routes }: RouteErrors): string {
  const lines = (members: Record<string, unknown>) =>
    Object.entries(members)
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(',\n')
  return `{
  "examples": {
${lines(examples)}
  },
  "signedIn": ${JSON.stringify(signedIn)},
  "limited": ${JSON.stringify(limited)},
  "routes": {
${lines(routes)}
  }
}
`
}
