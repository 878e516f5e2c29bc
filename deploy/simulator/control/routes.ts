import { jsonReply, type Reply } from '../call.ts'
import { isObject } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import type { Json } from '../world/world.ts'
import { type Control, createControl, type FaultRequest } from './control.ts'

interface ControlRequest {
  method: string
  path: string
  query: URLSearchParams
  body: Buffer
}

type Route = (control: Control, request: ControlRequest, id: string) => unknown

/** The routes below `/_sim/`; `:id` is one segment. Lists answer `{data}`; a call that is refused gets 400 with `{error}`. */
const ROUTES: Record<string, Route> = {
  'POST inbound': (control, request) => created(control.inbound(arg<Parameters<Control['inbound']>[0]>(request))),
  'POST calls': (control, request) => created(control.call(arg<Parameters<Control['call']>[0]>(request))),
  'POST echo': (control, request) => created(control.echo(arg<Parameters<Control['echo']>[0]>(request))),
  'GET messages': (control, { query }) =>
    control.messages({ ...filterOf(query), to: text(query, 'to'), callbackData: text(query, 'callbackData') }),
  'GET calls': (control, { query }) =>
    control.calls({ method: text(query, 'method'), path: text(query, 'path'), sinceAt: filterOf(query).sinceAt }),
  'GET reads': control => control.reads(),
  'GET faults': control => control.listFaults(),
  'POST faults': (control, request) => {
    control.faults(listArg<FaultRequest>(request))
    return { success: true }
  },
  'POST delivery': (control, request) => control.delivery(arg(request)),
  'POST rules': (control, request) => control.rules(arg(request)),
  'POST templates': (control, request) => created(control.template(arg<Parameters<Control['template']>[0]>(request))),
  'POST templates/:id/review': (control, request, id) => control.review(id, arg<Parameters<Control['review']>[1]>(request)),
  'POST templates/:id/pacing': (control, request, id) => control.pacing(id, arg<{ paced?: boolean }>(request).paced ?? true),
  'POST webhook': (control, { body, query }) =>
    created(
      control.webhook(body, {
        url: text(query, 'url'),
        escape: query.get('escape') === 'true',
        signature: query.get('signature') === 'none' ? null : text(query, 'signature'),
      }),
    ),
  'GET webhooks': (control, { query }) =>
    control.webhooks({ ...filterOf(query), state: text(query, 'state'), id: text(query, 'id'), itemId: text(query, 'itemId') }),
  'GET tokens': control => control.tokens(),
  'POST tokens': (control, request) => created(control.token(arg(request))),
  'POST tokens/revoke': (control, request) => {
    const { token, ...refusal } = arg<{ token: string; code?: number; subcode?: number; expired?: boolean; notify?: boolean }>(
      request,
    )
    return control.refuseToken(token, refusal)
  },
  'POST codes': (control, request) => created(control.code(arg<Parameters<Control['code']>[0]>(request))),
  'GET media': control => control.listMedia(),
  'POST media': (control, request) => created(control.media(arg<Parameters<Control['media']>[0]>(request))),
  'GET numbers': control => control.numbers(),
  'POST numbers': (control, request) => created(control.number(arg<Parameters<Control['number']>[0]>(request))),
  'POST numbers/:id': (control, request, id) => control.setNumber(id, arg(request)),
  'POST wabas/:id': (control, request, id) => control.setWaba(id, arg(request)),
  'POST people': (control, request) => control.person(arg(request)),
  'POST window': (control, request) => control.window(arg<Parameters<Control['window']>[0]>(request)),
  'POST owners': (control, request) => control.handOver(arg<Parameters<Control['handOver']>[0]>(request)),
  'POST groups': (control, request) => created(control.group(arg<Parameters<Control['group']>[0]>(request))),
  'POST groups/:id': (control, request, id) => control.suspendGroup(id, arg<{ suspended?: boolean }>(request).suspended ?? true),
  'POST clock': (control, request) => {
    control.clock(arg<{ offsetMs?: number }>(request).offsetMs ?? 0)
    return { success: true }
  },
  'POST app': (control, request) => ({ ...control.app(arg(request)), secret: undefined }),
  'GET counts': control => control.counts(),
  'GET idle': async control => {
    await control.idle()
    return control.counts()
  },
  'POST reset': control => {
    control.reset()
    return { success: true }
  },
}

/** Answers a request to the control API. @throws Error for a request that makes no sense; its message is for the caller */
export async function answerControl(sim: Simulation, request: ControlRequest): Promise<Reply> {
  const segments = request.path.split('/').slice(2)
  const exact = ROUTES[`${request.method} ${segments.join('/')}`]
  const [group, id = '', action] = segments
  const route = exact ?? ROUTES[[`${request.method} ${group}/:id`, action].filter(Boolean).join('/')]
  if (!route) return jsonReply(404, { error: `There is no route ${request.method} ${request.path}.` })
  const answer = await route(createControl(sim), request, decodeURIComponent(id))
  return answer instanceof Created ? jsonReply(201, answer.value) : jsonReply(200, answer)
}

class Created {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const created = (value: unknown) => new Created(value)
const text = (query: URLSearchParams, name: string) => query.get(name) ?? undefined

function filterOf(query: URLSearchParams) {
  const sinceAt = text(query, 'sinceAt')
  const limit = text(query, 'limit')
  return {
    phoneNumberId: text(query, 'phoneNumberId'),
    sinceAt: sinceAt === undefined ? undefined : /^\d+$/.test(sinceAt) ? Number(sinceAt) : Date.parse(sinceAt),
    limit: limit === undefined ? undefined : Number(limit),
  }
}

/** The body as an object. The control functions check its members. */
function arg<T extends object>({ body }: ControlRequest): T {
  const parsed: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'))
  if (!isObject(parsed)) throw new Error('The body must be a JSON object.')
  return parsed as Json & T
}

function listArg<T>({ body }: ControlRequest): T[] {
  const parsed: unknown = body.length === 0 ? [] : JSON.parse(body.toString('utf8'))
  return Array.isArray(parsed) ? (parsed as T[]) : [parsed as T]
}
