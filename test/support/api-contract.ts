import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { followed, type Schema } from './schema-values.ts'

export interface Operation {
  method: string
  path: string
  operationId: string
  parameters: Parameter[]
  /** Schema of a JSON body; null without one. */
  body: Schema | null
  /** Content types of an upload. */
  uploads: string[]
  isPublic: boolean
  responses: Record<string, Response>
}
export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: Schema
}
interface Response {
  content?: Record<string, { schema?: Schema }>
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** Operations of an OpenAPI document, with its references to parameters and responses followed. */
export function operationsOf(document: Schema): Operation[] {
  const paths = Object.entries(document.paths as Record<string, Schema>).filter(([, item]) => item.servers === undefined)
  return paths.flatMap(([path, item]) =>
    METHODS.filter(method => method in item).map(method => {
      const one = item[method] as Record<string, unknown>
      const content = ((one.requestBody as Schema | undefined)?.content ?? {}) as Record<string, { schema: Schema }>
      return {
        method,
        path,
        operationId: String(one.operationId),
        parameters: ((one.parameters ?? []) as Schema[]).map(parameter => followed(parameter, document) as unknown as Parameter),
        body: content['application/json']?.schema ?? null,
        uploads: Object.keys(content).filter(type => type !== 'application/json'),
        isPublic: (one.security as unknown[]).length === 0,
        responses: Object.fromEntries(
          Object.entries(one.responses as Record<string, Schema>).map(([status, response]) => [
            status,
            followed(response, document) as Response,
          ]),
        ),
      }
    }),
  )
}

/** Compares answers with what the document says of them. */
export function contractOf(document: Schema) {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'api')
  const validators = new Map<string, ValidateFunction>()
  const validatorOf = (schema: Schema): ValidateFunction => {
    const text = JSON.stringify(schema)
    const known = validators.get(text) ?? ajv.compile(withRoot(schema) as Schema)
    validators.set(text, known)
    return known
  }

  /** What is wrong with an answer; empty when it keeps the contract. */
  return function faultsOf({ responses }: Operation, answer: { status: number; type: string | null; body: unknown }): string[] {
    const { status, type, body } = answer
    const response = responses[status]
    if (!response) return [`the status ${status} is not described: ${JSON.stringify(body).slice(0, 300)}`]
    if (status >= 500) return [`${status}: ${JSON.stringify(body).slice(0, 300)}`]
    const content = response.content ?? {}
    if (type === null)
      return Object.keys(content).length === 0 || status === 304 ? [] : ['there is no content, which is described']
    const described = content[type] ?? content['*/*']
    if (!described) return [`the type ${type} is not described at ${status}`]
    if (!type.endsWith('json') || !described.schema || described.schema.format === 'binary') return []
    const validate = validatorOf(described.schema)
    if (validate(body)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${status}: ${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`,
    )
  }
}

/** References of a piece of the document, as seen from outside it. */
function withRoot(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withRoot)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string' ? `api${member}` : withRoot(member),
    ]),
  )
}
