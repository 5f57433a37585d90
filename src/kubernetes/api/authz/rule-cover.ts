/** Whether some rules allow all that others do, and how the rest is told: Kubernetes' guard against escalation. */
import { coversPath, type PolicyRule } from './policy-rule.ts'

/** Rules are compared piece by piece; what would be more pieces than this counts as not held unless one rule has it all. */
const piecesMax = 10_000

interface Held {
  readonly verbs: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  readonly names: ReadonlySet<string>
  readonly urls: readonly string[]
}

/** The parts of `wanted` that no rule of `held` allows: each one verb of one resource, object or path. */
export function uncovered(
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  const sets = held.map(setsOf)
  const missing: PolicyRule[] = []
  let left = piecesMax
  for (const rule of wanted) {
    if (sets.some((one) => covers(one, rule))) continue
    left -= pieceCount(rule)
    if (left < 0) {
      missing.push(rule)
      continue
    }
    const near = sets.filter((one) => mayCover(one, rule))
    for (const piece of pieces(rule)) {
      if (!near.some((one) => covers(one, piece))) missing.push(piece)
    }
  }
  return missing
}

function setsOf(rule: PolicyRule): Held {
  return {
    verbs: new Set(rule.verbs),
    groups: new Set(rule.apiGroups),
    resources: new Set(rule.resources),
    names: new Set(rule.resourceNames),
    urls: rule.nonResourceURLs ?? [],
  }
}

function covers(held: Held, rule: PolicyRule): boolean {
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule
  const names = rule.resourceNames ?? []
  if (!hasAll(held.verbs, verbs) || !hasAll(held.groups, apiGroups)) return false
  if (!resources.every((resource) => coversResource(held.resources, resource))) return false
  const isOfNames = names.length > 0 && names.every((name) => held.names.has(name))
  if (held.names.size > 0 && !isOfNames) return false
  return nonResourceURLs.every((path) => held.urls.some((url) => coversPath(url, path)))
}

/** False for rules that have nothing to do with `rule`, so that its pieces need not be held against them. */
function mayCover(held: Held, rule: PolicyRule): boolean {
  const { verbs = [], resources = [], nonResourceURLs = [] } = rule
  if (!verbs.some((verb) => held.verbs.has('*') || held.verbs.has(verb))) return false
  if (nonResourceURLs.length > 0) return held.urls.length > 0
  return resources.some((resource) => coversResource(held.resources, resource))
}

function hasAll(set: ReadonlySet<string>, values: readonly string[]): boolean {
  return set.has('*') || values.every((value) => set.has(value))
}

function coversResource(set: ReadonlySet<string>, resource: string): boolean {
  if (set.has('*') || set.has(resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && set.has(`*${resource.slice(slash)}`)
}

function pieceCount(rule: PolicyRule): number {
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule
  const names = Math.max(1, rule.resourceNames?.length ?? 0)
  return verbs.length * (apiGroups.length * resources.length * names + nonResourceURLs.length)
}

function* pieces(rule: PolicyRule): Generator<PolicyRule> {
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule
  const names = rule.resourceNames?.length ? rule.resourceNames : [undefined]
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        for (const name of names) {
          const of = name === undefined ? {} : { resourceNames: [name] }
          yield { apiGroups: [group], resources: [resource], verbs: [verb], ...of }
        }
      }
    }
  }
  for (const url of nonResourceURLs) {
    for (const verb of verbs) yield { nonResourceURLs: [url], verbs: [verb] }
  }
}

/** Brings together pieces that differ by their verb alone. */
export function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const others: PolicyRule[] = []
  const simple = new Map<string, PolicyRule & { readonly verbs: string[] }>()
  for (const rule of rules) {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
    const isSimple = apiGroups.length === 1 && resources.length === 1 && resourceNames.length <= 1
    if (!isSimple || nonResourceURLs.length > 0) {
      others.push(rule)
      continue
    }
    const key = JSON.stringify([apiGroups, resources, resourceNames])
    const known = simple.get(key)
    if (known) known.verbs.push(...rule.verbs)
    else simple.set(key, { ...rule, verbs: [...rule.verbs] })
  }
  return [...others, ...simple.values()]
}

/** A rule as errors print it: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ]
  const texts = parts.flatMap(([name, values]) =>
    values?.length ? [`${name}:${quotedList(values)}`] : [],
  )
  return `{${texts.join(', ')}}`
}

/** As Go prints a list of quoted strings: `["a" "b"]`. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`
}
