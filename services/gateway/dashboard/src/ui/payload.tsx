/** Text of a payload as it is. */
export const Payload = ({ text }: { text: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
  <pre dir="ltr" tabIndex={0} className="max-h-96 overflow-auto rounded-2 border border-line bg-sunk p-3 font-mono text-meta">
    {text}
  </pre>
)
