import { render } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { useCurrentInView } from './use-current-in-view.ts'

function Links({ current, isReady = true }: { current: string; isReady?: boolean }) {
  const links = useCurrentInView(current)
  if (!isReady) return null
  return (
    <nav ref={links}>
      {['first', 'second'].map(one => (
        <a key={one} href={`/${one}`} aria-current={one === current ? 'page' : undefined}>
          {one}
        </a>
      ))}
    </nav>
  )
}

test('the current link is moved into view when the links come and when another is current, and not otherwise', () => {
  const moved: (string | null)[] = []
  Element.prototype.scrollIntoView = vi.fn(function (this: Element) {
    moved.push(this.textContent)
  })
  const { rerender } = render(<Links current="second" isReady={false} />)
  expect(moved).toEqual([])
  rerender(<Links current="second" />)
  expect(moved).toEqual(['second'])
  rerender(<Links current="second" />)
  expect(moved).toEqual(['second'])
  rerender(<Links current="first" />)
  expect(moved).toEqual(['second', 'first'])
})
