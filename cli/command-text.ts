import { basename, relative } from 'node:path'

/** How a person types a command of this program from where they are. */
export function commandText(args: readonly string[]): string {
  const script = process.argv[1] ?? ''
  // Linked as a program of its own it is found by its name.
  const start =
    basename(script) === 'cli.js' ? ['node', relative(process.cwd(), script)] : [basename(script)]
  return [...start, ...args].map((word) => quoted(word)).join(' ')
}

function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
