/** Props of every view. */
export interface ViewProps {
  /** What stands behind the `?` of the view's address. */
  readonly params: URLSearchParams;
}
