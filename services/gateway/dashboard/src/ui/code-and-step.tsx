/** Meta's code of a failure, if it has one, and what to do. */
export const CodeAndStep = ({ code, nextStep }: { code: number | null; nextStep: string }) => (
  <>
    {code !== null && (
      <>
        <bdi dir="ltr" className="font-mono">
          {code}
        </bdi>{' '}
        ·{' '}
      </>
    )}
    <bdi>{nextStep}</bdi>
  </>
)
