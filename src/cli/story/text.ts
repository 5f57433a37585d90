/** The words of the story: what each language must have. */
import type { LinkName } from '../../chain/verdict.ts'
import type { AttackName, Outcome, WorldName } from './story.ts'

export type Language = 'en' | 'ja'

export interface StoryText {
  readonly title: string
  /** Paragraphs before the first world. */
  readonly opening: readonly string[]
  /** Before the definition of `login`. */
  readonly definition: string
  readonly worlds: Readonly<Record<WorldName, string>>
  /** Who has which rights. */
  readonly rights: Readonly<Record<WorldName, string>>
  readonly attacks: Readonly<Record<AttackName, string>>
  /** The same in two short lines, for the table. */
  readonly attacksShort: Readonly<Record<AttackName, readonly [string, string]>>
  /** What the attack gained, in at most 12 columns. */
  readonly outcomes: Readonly<Record<Outcome, string>>
  /** In at most 14 columns. */
  readonly links: Readonly<Record<LinkName, string>>
  /** Why it came out so. */
  readonly lessons: Readonly<Record<WorldName, Partial<Record<AttackName, string>>>>
  readonly podTwoReads: string
  readonly podTwoFails: string
  readonly cracked: string
  readonly letThrough: string
  readonly refused: string
  /** A decision that was not found. */
  readonly unknown: string
  readonly elsewhere: string
  readonly table: string
  /** Below the table. */
  readonly legend: readonly string[]
  readonly agrees: string
  readonly differs: string
  readonly next: string
  readonly setting: Readonly<Record<string, string>>
  readonly trying: string
  readonly clearing: string
}
