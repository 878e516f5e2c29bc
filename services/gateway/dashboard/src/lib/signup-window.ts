/** Name and size of the window that Meta's dialog runs in. */
const NAME = 'linko-sign-up'
const FEATURES = 'popup,width=720,height=820'
const CONNECTION = /^[0-9a-f]{24}$/

/**
 * Opens an empty window for Meta's dialog: at the click itself, for a browser refuses one that opens later. Null where it is refused,
 * and on phones, where a second window only hides the first: the dialog then takes the place of this page, and returns to it.
 */
export const openSignupWindow = (): Window | null =>
  window.matchMedia('(max-width: 48rem)').matches ? null : window.open('', NAME, FEATURES)

/** Id of the connection that a dialog's address is for: its `state` begins with it. Null where it says none. */
export function connectionOf(address: string): string | null {
  const id = new URL(address).searchParams.get('state')?.split('.')[0] ?? ''
  return CONNECTION.test(id) ? id : null
}

/** What the window says when Meta's dialog has returned. */
export interface DialogReturned {
  kind: 'sign-up-returned'
  connection: string
}

/**
 * At the page to which Meta's dialog returns: tells the page that opened this window, and closes it. In a window of its own, or when
 * the browser does not let it close, the page goes on as any other.
 */
export function handBack({ opener, location, close }: Pick<Window, 'opener' | 'location' | 'close'> = window): void {
  const connection = new URLSearchParams(location.search).get('connection') ?? ''
  if (!opener || !/\/numbers\/?$/.test(location.pathname) || !CONNECTION.test(connection)) return
  try {
    // Only a page of the same address gets it.
    ;(opener as Window).postMessage({ kind: 'sign-up-returned', connection } satisfies DialogReturned, location.origin)
    close.call(window)
  } catch {
    // The page that opened it is gone.
  }
}

/** What Meta's dialog tells of itself while it is open: the session events of Embedded Signup. */
export type SessionEvent =
  | { kind: 'finished' }
  /** @property step where it was left, in Meta's words */
  | { kind: 'left'; step: string | null }
  | { kind: 'failed'; text: string; code: string | null }

export type Heard = SessionEvent | { kind: 'returned'; connection: string }

/**
 * What a message of another window means; null for one that means nothing here. What the dialog says is shown and nothing else: which
 * numbers were chosen is asked of Meta by the server.
 * @param dialogOrigin where the dialog was opened, beside Meta's own pages
 */
export function heardIn(
  { origin, data }: Pick<MessageEvent, 'origin' | 'data'>,
  own: string,
  dialogOrigin: string,
): Heard | null {
  if (origin === own) return returnedIn(data)
  return origin === dialogOrigin || isMetas(origin) ? sessionEventIn(data) : null
}

function returnedIn(data: unknown): Heard | null {
  const { kind, connection } = objectOf(data)
  return kind === 'sign-up-returned' && typeof connection === 'string' && CONNECTION.test(connection)
    ? { kind: 'returned', connection }
    : null
}

const isMetas = (origin: string) => /^https:\/\/([a-z0-9-]+\.)*facebook\.com$/.test(origin)

function sessionEventIn(message: unknown): SessionEvent | null {
  const { type, event, data } = objectOf(typeof message === 'string' ? parsed(message) : message)
  if (type !== 'WA_EMBEDDED_SIGNUP' || typeof event !== 'string') return null
  if (event.startsWith('FINISH')) return { kind: 'finished' }
  if (event !== 'CANCEL' && event !== 'ERROR') return null
  const { current_step: step, error_message: text, error_code: code, error_id: oldCode } = objectOf(data)
  if (typeof text === 'string') return { kind: 'failed', text, code: wordOf(code) ?? wordOf(oldCode) }
  return { kind: 'left', step: wordOf(step) }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const wordOf = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : null

/** Not every message of Meta's is JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
