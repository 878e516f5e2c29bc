import { GraphError } from './errors.ts'

/** What template creation refuses with: code 100, a subcode, and a title and text for people. */
export function refuse(subcode: number, title: string, message: string): never {
  throw new GraphError(100, { subcode, message: 'Invalid parameter', transient: false, user: { title, message } })
}

/** A component without something it needs. */
export function missing(type: string, field: string): never {
  const title = `Message template ${type.toLowerCase()} is missing expected field(s)`
  refuse(2388043, title, `Message template component of type ${type} is missing expected field(s) (${field})`)
}
