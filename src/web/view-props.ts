/** Props of every view. */
export interface ViewProps {
  /** Query parameters of the view's URL fragment. */
  readonly params: URLSearchParams;
}
