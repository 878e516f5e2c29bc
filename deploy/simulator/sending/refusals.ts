import { GraphError } from '../graph/errors.ts'

/** @throws GraphError 131009 with the reason in `details` */
export function invalid(details: string): never {
  throw new GraphError(131009, { details })
}

/** @throws GraphError 100 with Meta's text for a missing member */
export function required(name: string): never {
  throw new GraphError(100, { details: `The parameter ${name} is required.` })
}
