import { expect, test } from 'vitest'
import { badgeOf } from './connection.ts'

test('a loss of less than three seconds is no news; then the badge says since when', () => {
  expect(badgeOf('connecting', 2999, null).look).toBe('none')
  expect(badgeOf('connecting', 3000, null)).toMatchObject({ look: 'wait', text: 'ui.connection.connecting' })
  expect(badgeOf('offline', 2999, null).look).toBe('wait')
  expect(badgeOf('offline', 3000, null)).toEqual({ look: 'off', text: 'ui.connection.offline', detail: 'time' })
})

test('catching up says how much is left only where that is known', () => {
  expect(badgeOf('syncing', 0, 37).detail).toBe('events')
  expect(badgeOf('syncing', 0, null).detail).toBeNull()
  expect(badgeOf('syncing', 0, 0).detail).toBeNull()
})

test('late is said, and so is a session that has ended', () => {
  expect(badgeOf('stale', 0, null).text).toBe('ui.connection.stale')
  expect(badgeOf('live', 0, null)).toEqual({ look: 'live', text: 'ui.connection.live', detail: null })
  expect(badgeOf('refused', 0, null)).toMatchObject({ look: 'off', text: 'ui.connection.refused' })
})
