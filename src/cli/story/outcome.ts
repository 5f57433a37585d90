/** What an attack gained, told from what was seen of it: pure. */
import type { Attack } from './attacks.ts'
import { secretRow } from './pod-script.ts'
import type { Deciding, Expected, Outcome, StepResult } from './story.ts'

/** Role names of a world. */
export interface Roles {
  readonly database: string
  readonly public: string
  readonly node: string
}

/** True where the row was printed. */
export function hasRow(steps: readonly StepResult[]): boolean {
  return steps.some(({ output }) => output.split('\n').includes(secretRow))
}

/** Whatever else was seen, only the row that was read counts as a breach; else it is who the pod was in the end. */
export function outcomeOf(
  attack: Attack,
  steps: readonly StepResult[],
  deciding: Deciding | undefined,
  roles: Roles,
): Outcome {
  const role = roleOf(deciding?.caller)
  if (hasRow(steps)) {
    if (role === roles.node) return 'all-rights'
    if (attack.hostNetwork) return 'any-role'
    if (attack.name !== 'annotation') return 'pod-2-role'
    return takesCredentials(steps[1]) ? 'any-role' : 'permitted-roles'
  }
  if (role === roles.node) return 'node-role'
  if (role !== roles.public) return 'nothing'
  const tellsOfNode = steps.some(({ output }) => output.includes(`instance-profile/${roles.node}`))
  return tellsOfNode ? 'own-role-and-paths' : 'own-role'
}

/** True where both what was gained and the link are those of the real systems. */
export function isAsExpected(
  outcome: Outcome,
  deciding: Deciding | undefined,
  expected: Expected,
): boolean {
  return outcome === expected.outcome && deciding?.link === expected.link
}

/** `use` says so where it was given credentials. */
function takesCredentials(step: StepResult | undefined): boolean {
  return /^credentials of ASIA/m.test(step?.output ?? '')
}

function roleOf(arn = ''): string | undefined {
  return /:assumed-role\/([^/]+)\//.exec(arn)?.[1]
}
