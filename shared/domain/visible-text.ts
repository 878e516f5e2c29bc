/**
 * Whether a text shows anything to its reader. Spaces, line breaks and characters without a shape (zero-width and direction marks,
 * variation selectors, fillers, the blank Braille pattern) show nothing, and WhatsApp refuses a text of them alone.
 */
export const isVisible = (text: string): boolean => VISIBLE.test(text)
const VISIBLE = /[^\p{Z}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFB]/u
