const NOTICES = new Set(['system', 'handover'])

/** Whether an entry of a thread was written by nobody: what WhatsApp says of a person, or that another app answers from there on. */
export const isNotice = (type: string): boolean => NOTICES.has(type)
