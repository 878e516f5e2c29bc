/** The logo: the same ring that tells what is left of a window. It does not turn round in Arabic. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" className="shrink-0 text-brand">
      <path d="M20.8 4.6A12.4 12.4 0 1 0 27.4 11.2" stroke="currentColor" strokeWidth="3.6" strokeLinecap="round" />
      <circle cx="25" cy="6" r="3.2" className="fill-time-mark" />
    </svg>
  )
}
