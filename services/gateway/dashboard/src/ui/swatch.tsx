/** Colour of a label, beside its word: colour alone says nothing. The account chooses it, so it is no token. */
export const Swatch = ({ color }: { color: string | undefined }) => (
  <span
    aria-hidden="true"
    className="size-2.5 shrink-0 rounded-1 border border-line-strong"
    {...(color && { style: { backgroundColor: color } })}
  />
)
