import { crc32 } from 'node:zlib'

/** Layout of a record: payload length (u32), CRC-32 of the payload (u32), payload = arrival in ms (f64) + body. Little endian. */
const PREFIX = 8
const STAMP = 8
/** Far above any body that the receiver accepts: a longer length means damage. */
const MAX_PAYLOAD = 8 * 1024 * 1024
export const MAX_RECORD = PREFIX + MAX_PAYLOAD

export interface SpoolRecord {
  receivedAt: number
  body: Buffer
  start: number
  /** Where the next record starts, in the same buffer. */
  end: number
}

export function encodeRecord(body: Buffer, receivedAt: number): Buffer {
  const record = Buffer.allocUnsafe(PREFIX + STAMP + body.length)
  record.writeUInt32LE(STAMP + body.length, 0)
  record.writeDoubleLE(receivedAt, PREFIX)
  body.copy(record, PREFIX + STAMP)
  record.writeUInt32LE(crc32(record.subarray(PREFIX)), 4)
  return record
}

/** The first whole record at or after `offset`; null if none follows. When it starts later, the bytes in between are damaged. */
export function nextRecord(buffer: Buffer, offset: number): SpoolRecord | null {
  for (let start = offset; start <= buffer.length - PREFIX - STAMP; start++) {
    const record = recordAt(buffer, start)
    if (record !== null) return record
  }
  return null
}

function recordAt(buffer: Buffer, start: number): SpoolRecord | null {
  const length = buffer.readUInt32LE(start)
  const end = start + PREFIX + length
  if (length < STAMP || length > MAX_PAYLOAD || end > buffer.length) return null
  const payload = buffer.subarray(start + PREFIX, end)
  if (crc32(payload) !== buffer.readUInt32LE(start + 4)) return null
  return { receivedAt: payload.readDoubleLE(0), body: payload.subarray(STAMP), start, end }
}
