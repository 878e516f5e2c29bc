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

/** @throws RangeError for a body that no record can hold: it would read as damage */
export function encodeRecord(body: Buffer, receivedAt: number): Buffer {
  if (STAMP + body.length > MAX_PAYLOAD) throw new RangeError(`a body of ${body.length} bytes is too large for the spool`)
  const record = Buffer.allocUnsafe(PREFIX + STAMP + body.length)
  record.writeUInt32LE(STAMP + body.length, 0)
  record.writeDoubleLE(receivedAt, PREFIX)
  body.copy(record, PREFIX + STAMP)
  record.writeUInt32LE(crc32(record.subarray(PREFIX)), 4)
  return record
}

/** The first whole record that starts within the first `within` bytes; null if there is none. */
export function nextRecord(buffer: Buffer, within: number): SpoolRecord | null {
  for (let start = 0; start < Math.min(within, buffer.length); start++) {
    const record = recordAt(buffer, start)
    if (record !== null) return record
  }
  return null
}

/** The record that starts there; null when it is damaged or not whole. */
export function recordAt(buffer: Buffer, start: number): SpoolRecord | null {
  if (start > buffer.length - PREFIX - STAMP) return null
  const length = buffer.readUInt32LE(start)
  const end = start + PREFIX + length
  if (length < STAMP || length > MAX_PAYLOAD || end > buffer.length) return null
  const payload = buffer.subarray(start + PREFIX, end)
  if (crc32(payload) !== buffer.readUInt32LE(start + 4)) return null
  return { receivedAt: payload.readDoubleLE(0), body: payload.subarray(STAMP), start, end }
}
