/**
 * Loaded into a service before its own code (`node --import`): its clock is wrong by `CLOCK_SHIFT_MS`. Timers and
 * `performance.now()` go on as they are.
 */
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0)
const RealDate = Date

class ShiftedDate extends RealDate {
  constructor(...args: [] | [value: number | string | Date]) {
    if (args.length === 0) super(RealDate.now() + shiftMs)
    else super(...(args as [number]))
  }

  static override now(): number {
    return RealDate.now() + shiftMs
  }
}

// Mongoose knows the types of its schemas by their names.
Object.defineProperty(ShiftedDate, 'name', { value: 'Date' })
globalThis.Date = ShiftedDate as DateConstructor
