import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { listen } from '#shared/process/health.ts'

/** A span as a collector was given it, with plain values. */
export interface ExportedSpan {
  name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
  kind: number
  traceId: string
  spanId: string
  parentSpanId: string | null
  startMs: number
  endMs: number
  attributes: Record<string, string | number>
  links: { traceId: string; spanId: string }[]
  /** 2: an error. */
  status: number
  /** Attributes of the process. */
  resource: Record<string, string | number>
}

interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number }
}
interface WireSpan extends Omit<ExportedSpan, 'attributes' | 'status' | 'resource' | 'startMs' | 'endMs' | 'parentSpanId'> {
  parentSpanId?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  status: { code?: number }
}
interface WireBody {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: WireSpan[] }[] }[]
}

/** A collector of OTLP over HTTP with JSON. @param answer status that it answers; 200 by default */
export async function startCollector(answer: () => number = () => 200) {
  const spans: ExportedSpan[] = []
  const requests: { url: string | undefined; headers: NodeJS.Dict<string | string[]> }[] = []
  const server = createServer((request, response) => {
    json(request)
      .then(body => {
        requests.push({ url: request.url, headers: request.headers })
        const status = answer()
        if (status === 200) spans.push(...spansOf(body as WireBody))
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      })
      .catch(() => response.destroy())
  })
  const listening = await listen(server, '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${listening.port}`,
    spans,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await listening[Symbol.asyncDispose]()
    },
  }
}

const spansOf = ({ resourceSpans }: WireBody): ExportedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ startTimeUnixNano, endTimeUnixNano, ...span }) => ({
        ...span,
        parentSpanId: span.parentSpanId || null,
        startMs: Number(startTimeUnixNano) / 1e6,
        endMs: Number(endTimeUnixNano) / 1e6,
        attributes: valuesOf(span.attributes),
        links: span.links ?? [],
        status: span.status.code ?? 0,
        resource: valuesOf(resource.attributes),
      })),
    ),
  )

const valuesOf = (attributes: Attribute[]): Record<string, string | number> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]))
