/** Where a document is meant to be stored, as its elements tell. */
import type { PolicyKind } from '../../kernel/policy/policy.ts'

/** Trust policies name STS actions and no resource, bucket policies a principal and resources; the rest is identity. */
export function guessKind(source: string): PolicyKind {
  let document: { Statement?: unknown }
  try {
    document = JSON.parse(source) as { Statement?: unknown }
  } catch {
    return 'identity'
  }
  const list = [document?.Statement].flat() as (Record<string, unknown> | undefined)[]
  const principal = list.some((each) => each?.['Principal'] ?? each?.['NotPrincipal'])
  if (!principal) return 'identity'
  return list.some((each) => each?.['Resource'] ?? each?.['NotResource']) ? 'resource' : 'trust'
}
