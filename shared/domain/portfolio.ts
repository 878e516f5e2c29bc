/** Whose messaging limit a number counts against: its portfolio's, or its account's while that is not known. */
export const portfolioOf = ({ portfolioId, wabaId }: { portfolioId: string | null; wabaId: string }): string =>
  portfolioId ?? wabaId
