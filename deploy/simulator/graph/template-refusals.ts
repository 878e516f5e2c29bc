import { GraphError } from './errors.ts'

/** Refuses a template. @throws GraphError 100 with a subcode, and a title and text for the user */
export function refuse(subcode: number, title: string, message: string): never {
  throw new GraphError(100, { subcode, message: 'Invalid parameter', transient: false, user: { title, message } })
}

/** @throws GraphError 100 for a component that lacks a required field */
export function missing(type: string, field: string): never {
  const title = `Message template ${type.toLowerCase()} is missing expected field(s)`
  refuse(2388043, title, `Message template component of type ${type} is missing expected field(s) (${field})`)
}
