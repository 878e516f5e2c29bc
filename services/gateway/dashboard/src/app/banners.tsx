/** What concerns the whole account: one line each, two at most. */
export function Banners() {
  return null
}
