/** Errors that an endpoint's record knows of besides those that a log counts itself. */
export interface KnownErrors {
  /** Of before there were logs. */
  readonly before: number
  /** By the log that has counted them. */
  readonly elsewhere: ReadonlyMap<string, number>
}
