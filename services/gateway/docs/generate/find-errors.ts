import { globSync } from 'node:fs'
import type { Route } from '#shared/http/route.ts'
import { ROOT } from '#shared/process/config.ts'
import type { ErrorExample, RouteErrors } from '../route-errors.ts'
import { type Declaration, type Module, type Node, SourceGraph, walk } from './source-graph.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a route needs of its surroundings does not matter here
type AnyRoute = Pick<Route<any>, 'method' | 'path' | 'summary'>

/** A piece of source within a file. */
interface Place {
  module: Module
  node: Node
}

/** What every route of a kind may answer. These are called through values, which no import shows. */
const SIGNED_IN = ['services/gateway/accounts/authenticate.ts', 'authenticate'] as const
const LIMITED = ['shared/http/rate-limit.ts', 'createRateLimiter'] as const

/**
 * Finds the errors that each route may answer with, in the source: `new ApiError(…)` in whatever the declaration of the route leads
 * to, through any number of functions and files. It may find one that a route never meets; it misses none that is written so.
 * @throws Error for a route whose declaration it does not find
 */
export function findErrors(routes: readonly AnyRoute[]): RouteErrors {
  const graph = new SourceGraph()
  const places = routePlaces(graph)
  const ofRoutes = routes.map(route => {
    const own = places.get(route.summary)
    if (!own) throw new Error(`${route.method} ${route.path}: its summary is no literal, so its declaration cannot be found.`)
    return [`${route.method} ${route.path}`, own.flatMap(place => errorsFrom(graph, place))] as const
  })
  const declared = ([file, name]: readonly [string, string]) => {
    const found = graph.resolve(graph.moduleOf(file), name)
    if (!found) throw new Error(`${file} has no ${name}`)
    return errorsFrom(graph, found)
  }
  return named({ signedIn: declared(SIGNED_IN), limited: declared(LIMITED), routes: new Map(ofRoutes) })
}

/** Gives each distinct error a name: its code, and a number where one code has several. */
function named({
  signedIn,
  limited,
  routes,
}: {
  signedIn: ErrorExample[]
  limited: ErrorExample[]
  routes: Map<string, ErrorExample[]>
}) {
  const all = [...signedIn, ...limited, ...[...routes.values()].flat()]
  const keyOf = ({ status, errorCode, detail }: ErrorExample) => `${errorCode} ${status} ${detail}`
  const byKey = new Map([...all].map(one => [keyOf(one), one]))
  const names = new Map<string, string>()
  const examples: RouteErrors['examples'] = {}
  for (const key of [...byKey.keys()].sort()) {
    const one = byKey.get(key) as ErrorExample
    let name = one.errorCode
    for (let n = 2; name in examples; n++) name = `${one.errorCode}_${n}`
    examples[name] = one
    names.set(key, name)
  }
  const namesOf = (errors: ErrorExample[]) => [...new Set(errors.map(error => names.get(keyOf(error)) as string))].sort()
  const ofRoutes = [...routes]
    .map(([route, errors]) => [route, namesOf(errors)] as const)
    .filter(([, errors]) => errors.length > 0)
  return { examples, signedIn: namesOf(signedIn), limited: namesOf(limited), routes: Object.fromEntries(ofRoutes.sort()) }
}

/** The smallest calls that hold a text, by the text: `route({ summary: … })`, or a function that makes routes. */
function routePlaces(graph: SourceGraph): Map<string, Place[]> {
  const places = new Map<string, Place[]>()
  const files = globSync('services/gateway/**/*.ts', { cwd: ROOT, exclude: ['**/dashboard/**', '**/*.test.ts'] }).sort()
  for (const file of files) {
    const module = graph.moduleOf(file)
    const users = (text: Declaration) =>
      [...module.declarations.values()].filter(one => one !== text && graph.namedIn(module, one.node).includes(text))
    for (const declaration of module.declarations.values())
      for (const [text, call] of textsIn(declaration.node, null)) {
        // In a table of texts: whoever uses the table makes the routes.
        const nodes = call ? [call] : [declaration, ...users(declaration)].map(({ node }) => node)
        places.set(text, [...(places.get(text) ?? []), ...nodes.map(node => ({ module, node }))])
      }
  }
  return places
}

/** Texts in a piece of source, each with the smallest call around it; null for one that stands in no call. */
function textsIn(node: Node, call: Node | null): [string, Node | null][] {
  const texts: [string, Node | null][] = []
  walk(node, inner => {
    if (inner !== node && inner.type === 'CallExpression') {
      texts.push(...textsIn(inner, inner))
      return false
    }
    if (inner.type === 'Literal' && typeof inner.value === 'string') texts.push([inner.value, call])
    return true
  })
  return texts
}

const errorsFrom = (graph: SourceGraph, { module, node }: Place): ErrorExample[] => [
  ...errorsIn(graph, module, node, null),
  ...[...graph.reachableFrom(module, node)].flatMap(one => errorsIn(graph, one.module, one.node, one)),
]

/** Errors that a piece of source makes: `new ApiError(409, 'CODE', …)`, and refusals `{ status: 409, errorCode: 'CODE' }`. */
function errorsIn(graph: SourceGraph, module: Module, root: Node, own: Declaration | null): ErrorExample[] {
  const found: ErrorExample[] = []
  walk(root, node => {
    const parts = errorParts(node)
    if (parts) found.push(...examplesOf(graph, module, parts, own))
    return true
  })
  return found
}

type Parts = [status: Node | undefined, errorCode: Node | undefined, detail: Node | undefined]

/** What an import answers for a file that is no table. */
const UNPROCESSABLE: Node = { type: 'Literal', start: 0, end: 0, value: 422 }

function errorParts(node: Node): Parts | null {
  if (node.type === 'NewExpression') {
    const [first, second, third] = node.arguments as Node[]
    const name = (node.callee as Node).name
    return name === 'ApiError' ? [first, second, third] : name === 'RefusedFile' ? [UNPROCESSABLE, first, second] : null
  }
  if (node.type !== 'ObjectExpression') return null
  const member = (name: string) =>
    (node.properties as Node[]).find(one => (one.key as Node | undefined)?.name === name)?.value as Node | undefined
  const [status, errorCode] = [member('status'), member('errorCode')]
  return status && errorCode ? [status, errorCode, member('message') ?? member('detail')] : null
}

/** Examples of an error. What is a parameter of the function around it is taken from where that function is called. */
function examplesOf(graph: SourceGraph, module: Module, parts: Parts, own: Declaration | null): ErrorExample[] {
  const parameters = own ? parametersOf(own.node) : []
  const isParameter = (node: Node | undefined) => node?.type === 'Identifier' && parameters.includes(String(node.name))
  const valuesOf = (node: Node | undefined) => valuesOfConstant(graph, module, node)
  if (own && (isParameter(parts[0]) || isParameter(parts[1])))
    return callsOf(own).flatMap(({ given, caller }) => {
      const filled = parts.map(node => (isParameter(node) ? given[parameters.indexOf(String(node?.name))] : node)) as Parts
      return examplesOf(graph, module, filled, caller)
    })
  const [statuses, codes, details] = parts.map(valuesOf) as [unknown[], unknown[], unknown[]]
  const detail = details.find(value => typeof value === 'string' && /[a-z]/.test(value)) as string | undefined
  return codes
    .filter(code => typeof code === 'string')
    .flatMap(errorCode =>
      statuses
        .filter(status => typeof status === 'number' && status >= 400)
        .map(status => ({ status: status as number, errorCode, detail: detail ?? sentenceOf(errorCode) })),
    )
}

/** `AUDIENCE_EMPTY` -> `Audience empty.`: where the source puts the sentence together. */
const sentenceOf = (errorCode: string) => `${errorCode.charAt(0)}${errorCode.slice(1).toLowerCase().replaceAll('_', ' ')}.`

/** Calls of a function in its own file, with what they give to it. */
function callsOf({ name, module }: Declaration): { given: Node[]; caller: Declaration | null }[] {
  const calls: { given: Node[]; caller: Declaration | null }[] = []
  for (const other of module.declarations.values())
    walk(other.node, node => {
      if (node.type === 'CallExpression' && (node.callee as Node).name === name)
        calls.push({ given: node.arguments as Node[], caller: other.name === name ? null : other })
      return true
    })
  return calls
}

/** Constants that an expression may be; none for what is known at run time only. */
function valuesOfConstant(graph: SourceGraph, module: Module, node: Node | undefined): unknown[] {
  const valuesOf = (inner: unknown) => valuesOfConstant(graph, module, inner as Node)
  switch (node?.type) {
    case 'Literal':
      return [node.value]
    case 'TemplateLiteral': {
      const values = (node.expressions as Node[]).map(expression => valuesOf(expression)[0] ?? '…')
      return [
        (node.quasis as { value: { cooked: string } }[]).map(({ value }, i) => `${value.cooked}${values[i] ?? ''}`).join(''),
      ]
    }
    case 'ConditionalExpression':
      return [...valuesOf(node.consequent), ...valuesOf(node.alternate)]
    case 'LogicalExpression':
      return [...valuesOf(node.left), ...valuesOf(node.right)]
    case 'Identifier': {
      const declared = graph.resolve(module, String(node.name))
      return declared?.node.type === 'VariableDeclarator'
        ? valuesOfConstant(graph, declared.module, declared.node.init as Node)
        : []
    }
    default:
      return []
  }
}

function parametersOf(node: Node): string[] {
  const made = (node.type === 'VariableDeclarator' ? node.init : node) as Node | null
  return /Function/.test(made?.type ?? '') ? ((made as Node).params as Node[]).map(one => String(one.name)) : []
}
