/** `chat`: replies and sends of the API, which go first. `campaign`: what campaigns leave of a number's rate. */
export const PRIORITIES = ['chat', 'campaign'] as const
export type Priority = (typeof PRIORITIES)[number]
