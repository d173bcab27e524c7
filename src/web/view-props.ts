/** What every view is given. */
export interface ViewProps {
  /** What stands behind the `?` of the view's address. */
  readonly params: URLSearchParams;
}
