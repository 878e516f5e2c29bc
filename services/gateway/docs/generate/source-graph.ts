import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'vite'
import { ROOT } from '#shared/process/config.ts'

/** Node of a syntax tree (ESTree). */
export interface Node {
  type: string
  start: number
  end: number
  [member: string]: unknown
}

/** Something that a module declares at its top: a function, a constant, a class. */
export interface Declaration {
  module: Module
  name: string
  node: Node
}

/** Source file with what it declares and imports. */
export interface Module {
  /** Path from the root of the repository. */
  file: string
  declarations: Map<string, Declaration>
  /** Names of the file that other files declare: local name → file and name there. */
  imports: Map<string, { file: string; name: string }>
}

/** Source files by path, read when they are needed first. */
export class SourceGraph {
  readonly #modules = new Map<string, Module>()
  readonly #named = new WeakMap<Node, Declaration[]>()

  moduleOf(file: string): Module {
    const known = this.#modules.get(file)
    if (known) return known
    const module = readModule(file)
    this.#modules.set(file, module)
    return module
  }

  /** What a name of a module stands for; undefined for what packages and the language define. */
  resolve(module: Module, name: string): Declaration | undefined {
    const own = module.declarations.get(name)
    if (own) return own
    const imported = module.imports.get(name)
    return imported && this.resolve(this.moduleOf(imported.file), imported.name)
  }

  /** Declarations that a piece of source leads to, by any number of steps. */
  reachableFrom(module: Module, node: Node): Set<Declaration> {
    const reached = new Set<Declaration>()
    const pending = [...this.namedIn(module, node)]
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (reached.has(next)) continue
      reached.add(next)
      pending.push(...this.namedIn(next.module, next.node))
    }
    return reached
  }

  /** Declarations that a piece of source names. */
  namedIn(module: Module, node: Node): readonly Declaration[] {
    const known = this.#named.get(node) ?? [...referencesIn(node)].flatMap(name => this.resolve(module, name) ?? [])
    this.#named.set(node, known)
    return known
  }
}

function readModule(file: string): Module {
  const { program } = parseSync(file, readFileSync(path.join(ROOT, file), 'utf8'))
  const module: Module = { file, declarations: new Map(), imports: new Map() }
  for (const statement of program.body as unknown as Node[]) {
    if (statement.type === 'ImportDeclaration') addImports(module, statement)
    else addDeclarations(module, (statement.declaration as Node | null | undefined) ?? statement)
  }
  return module
}

function addImports(module: Module, statement: Node): void {
  const from = String((statement.source as Node).value)
  if (statement.importKind === 'type' || !/^[#.]/.test(from)) return
  const file = from.startsWith('#') ? from.slice(1) : path.posix.join(path.posix.dirname(module.file), from)
  if (!file.endsWith('.ts')) return
  for (const { imported, local } of statement.specifiers as { imported?: Node; local: Node }[])
    if (imported) module.imports.set(String(local.name), { file, name: String(imported.name) })
}

function addDeclarations(module: Module, statement: Node): void {
  const add = (name: unknown, node: Node) => module.declarations.set(String(name), { module, name: String(name), node })
  if (statement.type === 'VariableDeclaration')
    for (const one of statement.declarations as Node[]) for (const name of namesBoundBy(one.id as Node)) add(name, one)
  else if (statement.type.endsWith('Declaration') && statement.id) add((statement.id as Node).name, statement)
}

/** Calls `see` for a node and everything in it, but for types. `see` answers false to leave out what is inside. */
export function walk(node: Node, see: (node: Node) => boolean): void {
  if (!see(node)) return
  for (const child of childrenOf(node)) walk(child, see)
}

/** Wrappers of expressions; every other node of TypeScript is a type. */
const EXPRESSIONS_WITH_TYPES = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSInstantiationExpression',
])

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter(isNode)
    .filter(({ type }) => !type.startsWith('TS') || EXPRESSIONS_WITH_TYPES.has(type))
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value

/** Names that a piece of source takes from outside itself. A name that is bound anywhere inside counts as its own. */
function referencesIn(root: Node): Set<string> {
  const used = new Set<string>()
  const bound = new Set<string>()
  const see = (node: Node): boolean => {
    for (const name of boundAt(node, root)) bound.add(name)
    if (node.type === 'Identifier') used.add(String(node.name))
    if (node.type !== 'MemberExpression' && node.type !== 'Property') return true
    // Names of members are no references, unless they are computed.
    const [name, value] = node.type === 'Property' ? [node.key, node.value] : [node.property, node.object]
    if (node.computed) walk(name as Node, see)
    walk(value as Node, see)
    return false
  }
  walk(root, see)
  return new Set([...used].filter(name => !bound.has(name)))
}

/** Names that a node declares within a piece of source. */
function boundAt(node: Node, root: Node): string[] {
  if (node.type === 'CatchClause') return namesBoundBy(node.param as Node | null)
  if (/Function/.test(node.type)) return (node.params as Node[]).flatMap(namesBoundBy)
  return node.type === 'VariableDeclarator' && node !== root ? namesBoundBy(node.id as Node) : []
}

/** Names that a pattern binds: `{ a, b: [c] }`. */
function namesBoundBy(pattern: Node | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [String(pattern.name)]
    case 'ObjectPattern':
      return (pattern.properties as Node[]).flatMap(one => namesBoundBy((one.value ?? one.argument) as Node))
    case 'ArrayPattern':
      return (pattern.elements as (Node | null)[]).flatMap(namesBoundBy)
    case 'AssignmentPattern':
      return namesBoundBy(pattern.left as Node)
    case 'RestElement':
      return namesBoundBy(pattern.argument as Node)
    default:
      return []
  }
}
