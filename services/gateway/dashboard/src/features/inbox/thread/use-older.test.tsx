import { render } from '@testing-library/react'
import { useRef } from 'react'
import { expect, onTestFinished, test, vi } from 'vitest'
import { useOlder } from './use-older.ts'

function List({ load }: { load(): void }) {
  const scroller = useRef<HTMLDivElement>(null)
  const mark = useRef<HTMLButtonElement>(null)
  const top = useRef(0)
  useOlder({ scroller, top, mark, mayLoad: true, load })
  return (
    <div ref={scroller}>
      <button ref={mark} type="button" />
    </div>
  )
}

test.for([
  [[true], 1],
  [[false], 0],
  [[false, true], 1],
  [[true, false], 0],
] as const)('the top came and went so: %j; older messages are asked for %i times', ([moves, times]) => {
  let tell: (entries: { isIntersecting: boolean }[]) => void = () => undefined
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(told: typeof tell) {
        tell = told
      }
      observe() {}
      disconnect() {}
    },
  )
  onTestFinished(() => void vi.unstubAllGlobals())
  const load = vi.fn()
  render(<List load={load} />)
  tell(moves.map(isIntersecting => ({ isIntersecting })))
  expect(load).toHaveBeenCalledTimes(times)
})
