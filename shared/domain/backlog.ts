/** `chat`: replies and sends of the API, which go first. `campaign`: what campaigns leave of a number's rate. */
export const SEND_CLASSES = ['chat', 'campaign'] as const
export type SendClass = (typeof SEND_CLASSES)[number]

/** These wait for a moment or a person, not for their turn: no rate brings them nearer. */
const HELD: ReadonlySet<string> = new Set(['paused', 'scheduled', 'unknown'])

/** Whether what waits for this goes as fast as the limits let it. */
export const moves = (reason: string): boolean => !HELD.has(reason)
