import { inboxRoute } from '../features/inbox/route.ts'
import { signInRoute } from '../features/sign-in/route.ts'

/** Pages for everybody. */
export const publicPages = [signInRoute] as const

/** Pages of signed-in people: a page's folder exports its route, and has its line here and in `nav.ts`. */
export const pages = [inboxRoute] as const
