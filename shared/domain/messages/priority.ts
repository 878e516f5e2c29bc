/** `chat`: replies and sends of the API, which go first. `campaign`: messages of campaigns, which get the rest of the rate. */
export const PRIORITIES = ['chat', 'campaign'] as const
export type Priority = (typeof PRIORITIES)[number]
