import { type ParseArgsConfig, parseArgs } from 'node:util'
import { errorCode, errorMessage } from '../lib/stream/errors.ts'
import { oneLine, wrongUsage } from './errors.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** What stood behind the options of a command line. */
export type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; strict: true; allowPositionals: false }>
>['values']

/**
 * Reads the options of a command.
 *
 * @throws CliError with exit code 2
 */
export function readOptions<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
): Values<O> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw wrongUsage(`${complaintOf(error)}: "${command} --help" lists the options.`)
  }
}

/** node's complaint without its advice, which fits other programs. */
function complaintOf(error: unknown): string {
  const [first = ''] = errorMessage(error).split(/\.\s|\n/)
  switch (errorCode(error)) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return oneLine(first).replace(/\.$/, '')
    default:
      throw error
  }
}

/**
 * A whole number of an option.
 *
 * @throws CliError with exit code 2
 */
export function wholeNumber(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw wrongUsage(
    `--${name} wants a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`,
  )
}

/** An option's text; undefined when it was not given. Throws CliError when it is empty. */
export function someText(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text.trim() !== '') return text
  throw wrongUsage(`--${name} is empty: leave it out, or give it a value.`)
}
