import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Call, jsonReply, Reply } from './call.ts'
import type { FaultEffect } from './control/faults.ts'
import { answerControl } from './control/routes.ts'
import { GraphError } from './graph/errors.ts'
import { answerGraph } from './graph/router.ts'
import { multipartParams } from './multipart.ts'
import { decodeParam, isObject } from './params.ts'
import type { Simulation } from './simulation.ts'
import { traceToken } from './world/ids.ts'
import type { Json } from './world/world.ts'

const MAX_BODY = 110 * 1024 * 1024
const VERSION = /^\/v(\d+)\.(\d+)(?=\/|$)/
const OLDEST = 21
const NEWEST = 26

/** Handles one request: reads it, applies a fault if one matches, else routes and answers it. */
export async function handle(sim: Simulation, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  if (body === null) return write(response, sim, jsonReply(413, new GraphError(1, { message: 'Request too large' }).envelope()))
  const [rawPath = '/', search = ''] = splitUrl(request.url ?? '/')
  if (rawPath.startsWith('/_sim')) return write(response, sim, await controlReply(sim, request, rawPath, search, body))
  const call = callOf(sim, request, rawPath, search, body)
  const effect = sim.faults.any() ? sim.faults.effectFor(subjectOf(call)) : null
  if (effect) return applyFault(effect, call, response)
  write(response, sim, await graphReply(call))
}

function splitUrl(url: string): [string, string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) return null
    chunks.push(chunk)
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

function callOf(sim: Simulation, request: IncomingMessage, rawPath: string, search: string, body: Buffer): Call {
  const version = VERSION.exec(rawPath)
  const query = new URLSearchParams(search)
  const { headers, method = 'GET' } = request
  return {
    sim,
    method: method === 'POST' && query.get('method')?.toUpperCase() === 'DELETE' ? 'DELETE' : method,
    path: version ? rawPath.slice(version[0].length) || '/' : rawPath,
    version: version ? Number(version[1]) + Number(version[2]) / 10 : NEWEST,
    query,
    headers,
    body,
    params: paramsOf(query, body, headers['content-type'] ?? ''),
    origin: `${headers['x-forwarded-proto'] ?? 'http'}://${headers.host ?? new URL(sim.url).host}`,
  }
}

function paramsOf(query: URLSearchParams, body: Buffer, contentType: string): Json {
  const params: Json = {}
  for (const [name, value] of query) params[name] = decodeParam(value)
  if (body.length === 0) return params
  if (contentType.startsWith('multipart/')) return Object.assign(params, multipartParams(body, contentType))
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body.toString('utf8'))) params[name] = decodeParam(value)
    return params
  }
  return Object.assign(params, parseJson(body))
}

/** A body that is not a JSON object has no members; the rules then report the missing ones. */
function parseJson(body: Buffer): Json {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

async function graphReply(call: Call): Promise<Reply> {
  const reply = await carryOut(call)
  const { sim, method, path } = call
  if (!path.endsWith('messages')) sim.graphCalls.add({ at: sim.now(), method, path, status: reply.status })
  return reply
}

async function carryOut(call: Call): Promise<Reply> {
  try {
    checkVersion(call.version)
    const answer = await answerGraph(call)
    return answer instanceof Reply ? answer : jsonReply(200, answer)
  } catch (error) {
    return errorReply(error)
  }
}

function checkVersion(version: number): void {
  if (version >= OLDEST && version <= NEWEST && Number.isInteger(version)) return
  const message =
    version < OLDEST
      ? `(#2635) You are calling a deprecated version of the API. Please update to the latest version: v${NEWEST}.0.`
      : `(#2500) Unknown API version: v${version.toFixed(1)}`
  throw new GraphError(version < OLDEST ? 2635 : 2500, { message, status: 400 })
}

function errorReply(error: unknown): Reply {
  if (error instanceof GraphError) return jsonReply(error.status, error.envelope(), error.headers)
  const message = error instanceof Error ? error.message : 'failed'
  return jsonReply(500, new GraphError(1, { message: `Simulator: ${message}` }).envelope())
}

async function controlReply(
  sim: Simulation,
  request: IncomingMessage,
  path: string,
  search: string,
  body: Buffer,
): Promise<Reply> {
  try {
    return await answerControl(sim, { method: request.method ?? 'GET', path, query: new URLSearchParams(search), body })
  } catch (error) {
    return jsonReply(400, { error: error instanceof Error ? error.message : 'failed' })
  }
}

function subjectOf({ method, path, params }: Call) {
  return { method, path, phoneNumberId: path.split('/')[1] ?? '', to: String(params.to ?? params.recipient ?? '') }
}

/** Applies a fault. With `after` or `garbled` the request is carried out first, so that only its answer is lost. */
async function applyFault(effect: FaultEffect, call: Call, response: ServerResponse): Promise<void> {
  const isCarriedOut = effect.after ?? (effect.garbled !== undefined && effect.garbled !== false)
  const reply = isCarriedOut ? await graphReply(call) : null
  if (effect.latencyMs) await new Promise(resolve => setTimeout(resolve, effect.latencyMs))
  if (effect.timeout) return
  if (effect.reset) {
    response.socket?.resetAndDestroy()
    return
  }
  write(response, call.sim, garble(effect, faultReply(effect) ?? reply ?? (await graphReply(call))))
}

/** The answer of a fault; null when the fault only delays or garbles. */
function faultReply({ code, status, subcode, details, headers }: FaultEffect): Reply | null {
  if (code === undefined && status === undefined) return null
  if (code === undefined && (status === 502 || status === 504)) {
    return new Reply(status, `<html><body><h1>${status === 502 ? '502 Bad Gateway' : '504 Gateway Timeout'}</h1></body></html>`, {
      'content-type': 'text/html',
      ...headers,
    })
  }
  const error = new GraphError(code ?? CODE_OF_STATUS[status as number] ?? ((status as number) >= 500 ? 2 : 100), {
    subcode,
    details,
    status,
  })
  return jsonReply(error.status, error.envelope(), { ...error.headers, ...headers })
}

const CODE_OF_STATUS: Record<number, number> = { 401: 190, 403: 200, 404: 803, 429: 4 }

function garble({ garbled }: FaultEffect, reply: Reply): Reply {
  const headers = { 'content-type': 'application/json; charset=UTF-8' }
  if (!garbled) return reply
  if (garbled === 'empty') return new Reply(200, '', headers)
  if (garbled === 'truncated') return new Reply(200, reply.body.slice(0, Math.floor(reply.body.length / 2)), headers)
  if (garbled === 'huge') return new Reply(200, `{"padding":"${'x'.repeat(5 * 1024 * 1024)}"}`, headers)
  if (garbled === 'wrong-type') return jsonReply(200, { messaging_product: 'whatsapp', contacts: {}, messages: [{ id: 42 }] })
  return new Reply(200, '<html><body><h1>Sorry, something went wrong.</h1></body></html>', { 'content-type': 'text/html' })
}

const USAGE = JSON.stringify({ call_count: 1, total_cputime: 1, total_time: 1 })

function write(response: ServerResponse, sim: Simulation, { status, body, headers }: Reply): void {
  if (response.destroyed) return
  const usage = sim.rules.usageHeaders ? { 'x-app-usage': USAGE } : undefined
  const trace = { 'content-length': Buffer.byteLength(body), 'x-fb-trace-id': traceToken() }
  response.writeHead(status, { ...trace, ...headers, ...usage }).end(body)
}
