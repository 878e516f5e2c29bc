import type { AuthorizedCall, Call, NumberCall, Reply } from '../call.ts'
import { postMarketingMessages, postMessages } from '../sending/send.ts'
import type { Waba } from '../world/world.ts'
import { authorize, sees } from './auth.ts'
import { GraphError } from './errors.ts'
import { getNumber } from './numbers.ts'

export type Answer = Reply | object | Promise<Reply | object>
export type NumberRoute = (call: NumberCall) => Answer

/** Edges of a phone number, by method and name. */
const NUMBER_ROUTES: Record<string, NumberRoute> = {
  'POST messages': postMessages,
  'POST marketing_messages': postMarketingMessages,
  'GET ': getNumber,
}

/** Order of the checks: token, object, permission, then what the route itself asks. */
export function answerGraph(call: Call): Answer {
  const [node = '', edge = ''] = call.path.slice(1).split('/')
  const authorized = authorize(call)
  const number = call.sim.world.numbers.get(node)
  if (number) {
    const route = NUMBER_ROUTES[`${call.method} ${edge}`] ?? unknownEdge(call, edge)
    const waba = call.sim.world.wabas.get(number.wabaId) as Waba
    checkAccess(authorized, waba.id)
    return route({ ...authorized, number, waba })
  }
  throw unknownObject(call, node)
}

function checkAccess({ token }: AuthorizedCall, wabaId: string): void {
  if (!sees(token, wabaId)) throw new GraphError(200)
}

/** Graph does not tell an unknown object from one that the token does not see. */
export function unknownObject({ method }: Call, id: string): GraphError {
  const message = `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`
  return new GraphError(100, { subcode: 33, type: 'GraphMethodException', message })
}

function unknownEdge(_call: Call, edge: string): never {
  throw new GraphError(2500, { message: `Unknown path components: /${edge}`, status: 400 })
}
