/** Whether a text is Unicode: half of a surrogate pair has no UTF-8, and would arrive as U+FFFD. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
