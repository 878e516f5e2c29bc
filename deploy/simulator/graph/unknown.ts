import type { Call } from '../call.ts'
import { GraphError } from './errors.ts'

/** Error for an unknown object, and for one to which the token gives no access: Graph does not distinguish them. */
export function unknownObject({ method }: Pick<Call, 'method'>, id: string): GraphError {
  const message = `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`
  return new GraphError(100, { subcode: 33, type: 'GraphMethodException', message })
}

/** Error for an edge that the object does not have. */
export function unknownEdge(edge: string): GraphError {
  return new GraphError(2500, { message: `Unknown path components: /${edge}`, status: 400 })
}
