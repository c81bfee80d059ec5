import type { Duration } from './duration.ts'
import type { TextFormat } from './text-formats.ts'

/** Headings under which settings are shown to people, in this order. */
export type Group =
  | 'original'
  | 'store'
  | 'spool'
  | 'delivery'
  | 'events'
  | 'drift'
  | 'reading'
  | 'process'

interface Described {
  /** One or two sentences for people. */
  readonly doc: string
  readonly group: Group
}

interface Bounded {
  /** What the number counts: `rows`, `seconds`, `ms`, `bytes`. */
  readonly unit: string
  /** Both included. */
  readonly min: number
  readonly max: number
  readonly default: number
}

/** A whole number of something. */
export interface CountField extends Described, Bounded {
  readonly kind: 'count'
}

/** A whole number of bytes, also given as `64MiB`. */
export interface BytesField extends Described, Bounded {
  readonly kind: 'bytes'
}

/** A number of seconds, maybe with a fraction. */
export interface SecondsField extends Described, Bounded {
  readonly kind: 'seconds'
}

/** Text that is taken letter by letter. */
export interface TextField extends Described {
  readonly kind: 'text'
  readonly format: TextFormat
  /** A value that must never be shown. */
  readonly secret: boolean
  readonly default: string
  /** A value to show to people; the default unless that is empty. */
  readonly example: string
}

/** One of a few words. */
export interface ChoiceField<Choice extends string = string> extends Described {
  readonly kind: 'choice'
  readonly choices: readonly Choice[]
  readonly default: Choice
}

/** Spans of time that aggregates are made over, such as 5m and 1h. */
export interface WindowListField extends Described {
  readonly kind: 'windowList'
  readonly default: readonly string[]
}

/** The width of the buckets that windows are made of, such as 30s. */
export interface PeriodField extends Described {
  readonly kind: 'period'
  readonly default: string
}

/** The declaration of one setting. */
export type Field =
  | CountField
  | BytesField
  | SecondsField
  | TextField
  | ChoiceField
  | WindowListField
  | PeriodField

/** What a setting is in the program. */
export type ValueOf<F extends Field> = F extends CountField | BytesField | SecondsField
  ? number
  : F extends TextField
    ? string
    : F extends ChoiceField<infer Choice>
      ? Choice
      : F extends WindowListField
        ? readonly Duration[]
        : F extends PeriodField
          ? Duration
          : never

/** What any setting may be in the program. */
export type Value = number | string | Duration | readonly Duration[]

type NumberOptions = Described & Omit<Bounded, 'unit'>

/** Declares a whole number. */
export function count(options: Described & Bounded): CountField {
  return { kind: 'count', ...options }
}

/** Declares a whole number of milliseconds. */
export function millis(options: NumberOptions): CountField {
  return { kind: 'count', unit: 'ms', ...options }
}

/** Declares a number of seconds. */
export function seconds(options: NumberOptions): SecondsField {
  return { kind: 'seconds', unit: 'seconds', ...options }
}

/** Declares a number of bytes. */
export function bytes(options: NumberOptions): BytesField {
  return { kind: 'bytes', unit: 'bytes', ...options }
}

/** Declares a text; `format` says which texts are accepted, every one without it. */
export function text(
  options: Described & {
    default: string
    example?: string
    format?: TextFormat
    secret?: boolean
  },
): TextField {
  return { kind: 'text', format: 'any', secret: false, example: options.default, ...options }
}

/** Declares one of a few words. */
export function choice<const Choice extends string>(
  options: Described & { choices: readonly Choice[]; default: NoInfer<Choice> },
): ChoiceField<Choice> {
  return { kind: 'choice', ...options }
}

/** Declares a list of windows. */
export function windowList(options: Described & { default: readonly string[] }): WindowListField {
  return { kind: 'windowList', ...options }
}

/** Declares a bucket width. */
export function period(options: Described & { default: string }): PeriodField {
  return { kind: 'period', ...options }
}
