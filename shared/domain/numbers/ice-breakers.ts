/** Most questions that a number proposes to a customer who opens the chat for the first time. */
export const MAX_ICE_BREAKERS = 4
/** Most characters of one of them. */
export const MAX_ICE_BREAKER = 80

/** Signs that are text by themselves, although Unicode counts them among the pictures. */
const TEXT_SIGNS = /[©®™]/gu
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|[\u{FE0F}\u{20E3}]/u

/** Whether a text has an emoji, which WhatsApp takes in no ice breaker. */
export const hasEmoji = (text: string): boolean => EMOJI.test(text.replace(TEXT_SIGNS, ''))
