/** Most characters of the text that a short link puts into the customer's chat. */
export const MAX_PREFILLED_MESSAGE = 140
/** Most short links of a number, which WhatsApp counts. */
export const MAX_SHORT_LINKS = 2000

export const QR_IMAGE_FORMATS = ['SVG', 'PNG'] as const
export type QrImageFormat = (typeof QR_IMAGE_FORMATS)[number]

/** Link that opens a chat with a number, with a text that the customer only has to send. */
export interface ShortLink {
  /** WhatsApp's id of the link, and its end. */
  code: string
  prefilledMessage: string
  deepLinkUrl: string
  /** Address at WhatsApp of the link as a QR code; null where WhatsApp names none. */
  qrImageUrl: string | null
}
