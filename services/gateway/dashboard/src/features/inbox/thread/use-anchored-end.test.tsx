import { act, render } from '@testing-library/react'
import { type RefObject, useRef } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import { useAnchoredEnd } from './use-anchored-end.ts'

/** jsdom has no layout: heights are told, and a change of one is told to who observes it. */
let height = 1000
let resized: () => void = () => undefined
let isAtEnd: RefObject<boolean>

beforeEach(() => {
  height = 1000
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(tell: () => void) {
        resized = tell
      }
      observe() {}
      disconnect() {}
    },
  )
})

function List({ last = 'a' }: { last?: string }) {
  const scroller = useRef<HTMLDivElement>(null)
  isAtEnd = useAnchoredEnd(scroller, last).isAtEnd
  return <div ref={scroller} data-testid="list" />
}

/** A list that shows 400 of its pixels. */
function open() {
  const { getByTestId, rerender } = render(<List />)
  const list = getByTestId('list')
  let top = 0
  Object.defineProperties(list, {
    scrollHeight: { get: () => height },
    clientHeight: { get: () => 400 },
    scrollTop: { get: () => top, set: (to: number) => (top = Math.max(0, Math.min(to, height - 400))) },
  })
  const scrollTo = (to: number) => {
    list.scrollTop = to
    list.dispatchEvent(new Event('scroll'))
  }
  scrollTo(height)
  return { list, scrollTo, rerender }
}

test('a picture that comes before the scroll event is heard leaves the end in sight', () => {
  const { list } = open()
  height = 1300
  list.dispatchEvent(new Event('scroll'))
  act(resized)
  expect(list.scrollTop).toBe(900)
  expect(isAtEnd.current).toBe(true)
})

test('who goes up stays there, and follows again from the end', () => {
  const { list, scrollTo, rerender } = open()
  scrollTo(300)
  height = 1300
  act(resized)
  rerender(<List last="b" />)
  expect([list.scrollTop, isAtEnd.current]).toEqual([300, false])
  // Downwards, but not to the end.
  scrollTo(500)
  act(resized)
  expect([list.scrollTop, isAtEnd.current]).toEqual([500, false])
  scrollTo(880)
  height = 1400
  rerender(<List last="c" />)
  expect([list.scrollTop, isAtEnd.current]).toEqual([1000, true])
})

test('who goes up before the move to the end was heard stays there', () => {
  const { list, rerender } = open()
  height = 1300
  rerender(<List last="b" />)
  // One event for both moves.
  list.scrollTop = 700
  list.dispatchEvent(new Event('scroll'))
  act(resized)
  expect([list.scrollTop, isAtEnd.current]).toEqual([700, false])
})
