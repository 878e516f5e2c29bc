import { createDecipheriv } from 'node:crypto'

const HEX = '(?:[0-9a-f]{2})'
/** LinkoJob: `iv:tag:data`, AES-256-GCM with an iv of 16 bytes. */
const GCM = new RegExp(`^(${HEX}{12,16}):(${HEX}{16}):(${HEX}+)$`, 'i')
/** The SaaS platform: `iv:data`, AES-256-CBC. */
const CBC = new RegExp(`^(${HEX}{16}):(${HEX}+)$`, 'i')
/** Tokens of Meta begin like this; one that was never encrypted is read as it is. */
const PLAIN = /^EA[A-Za-z0-9]{10,}$/

/** A token of a former system; null where no key opens it. @param key of that system, 32 bytes; null: none was given */
export function openOldToken(stored: string, key: Buffer | null): string | null {
  if (PLAIN.test(stored)) return stored
  if (key === null) return null
  try {
    return openGcm(stored, key) ?? openCbc(stored, key)
  } catch {
    return null
  }
}

function openGcm(stored: string, key: Buffer): string | null {
  const parts = GCM.exec(stored)
  if (parts === null) return null
  const [iv, tag, data] = parts.slice(1).map(part => Buffer.from(part, 'hex')) as [Buffer, Buffer, Buffer]
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAuthTag(tag)
  return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
}

function openCbc(stored: string, key: Buffer): string | null {
  const parts = CBC.exec(stored)
  if (parts === null) return null
  const [iv, data] = parts.slice(1).map(part => Buffer.from(part, 'hex')) as [Buffer, Buffer]
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  const token = Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
  // CBC proves nothing: a wrong key may end in readable padding.
  return /^[\x21-\x7e]+$/.test(token) ? token : null
}
