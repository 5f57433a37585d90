/** What the story is made of: its worlds, what pod 1 tries in them, and what came of it. */
import type { LinkName } from '../../chain/verdict.ts'

/** In the order of the years in which they came. */
export const worldNames = ['node-role', 'kube2iam', 'kiam', 'pod-identity', 'irsa'] as const
export type WorldName = (typeof worldNames)[number]

/** What pod 1 tries once it is cracked. */
export const attackNames = [
  'metadata',
  'host-network',
  'annotation',
  'address',
  'service-account',
  'stolen-token',
  'forged-token',
] as const
export type AttackName = (typeof attackNames)[number]

/** What an attack gains. The first four reach pod 2's data, the others do not. */
export const outcomes = [
  'all-rights',
  'any-role',
  'permitted-roles',
  'pod-2-role',
  'own-role-and-paths',
  'own-role',
  'node-role',
  'nothing',
] as const
export type Outcome = (typeof outcomes)[number]

/** True where pod 1 got at pod 2's data. */
export function isBreach(outcome: Outcome): boolean {
  return outcomes.indexOf(outcome) < outcomes.indexOf('own-role-and-paths')
}

/** A command as it was run, and what it printed; secrets are not printed. */
export interface StepResult {
  readonly command: string
  readonly output: string
}

/** The link at which the chain refused or let through, from the record of the decision. */
export interface Deciding {
  readonly requestId: string
  /** `rds-db:connect`, `sts:AssumeRole`. */
  readonly action: string
  readonly outcome: 'allowed' | 'denied'
  /** Who asked, where that was known: an ARN. */
  readonly caller?: string
  readonly link: LinkName
  /** The link's own words. */
  readonly summary: string
}

/** What the real systems do, and who says so. */
export interface Expected {
  readonly outcome: Outcome
  readonly link: LinkName
  readonly source: string
}

export interface AttackResult {
  readonly attack: AttackName
  readonly pod: string
  readonly steps: readonly StepResult[]
  readonly outcome: Outcome
  readonly deciding?: Deciding
  readonly expected: Expected
  readonly agrees: boolean
}

/** Pod 2 at its work. */
export interface PodTwoResult {
  readonly pod: string
  readonly steps: readonly StepResult[]
  readonly readsRow: boolean
  readonly deciding?: Deciding
}

export interface WorldResult {
  readonly world: WorldName
  readonly podTwo: PodTwoResult
  readonly attacks: readonly AttackResult[]
  readonly agrees: boolean
}

/** What `podpass story --output json` prints. */
export interface StoryResult {
  readonly cluster: string
  readonly worlds: readonly WorldResult[]
  /** True when every cell is as with the real systems, and pod 2 read its row in every world. */
  readonly agrees: boolean
  /** Wall time. */
  readonly seconds: number
}
