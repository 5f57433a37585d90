/** The peers of `bench/policy.ts`: iam-simulate's core with policies preloaded, and Cedar with policies preparsed. */
import { existsSync } from 'node:fs'
import type { BenchCase, Peer } from '../../bench/policy-cases.ts'
import type { AuthorizationRequest, PolicyInput } from '../../src/kernel/policy/policy.ts'
import { isInstalled, loadOracle } from './iam-simulate.ts'

const cedarFile = new URL(
  'node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm.js',
  import.meta.url,
)

/** Those that are installed. */
export async function benchPeers(): Promise<Peer[]> {
  const peers: Peer[] = []
  if (isInstalled()) {
    const oracle = await loadOracle()
    peers.push({
      name: 'iam-simulate core',
      prepare: ({ policies }, request) => oracle.prepare(request, policies),
    })
  }
  if (existsSync(cedarFile)) peers.push(await cedar())
  return peers
}

interface Cedar {
  preparsePolicySet(
    id: string,
    policies: { staticPolicies: string },
  ): { type: string; errors?: unknown }
  statefulIsAuthorized(call: object): { type: string; response?: { decision: string } }
}

async function cedar(): Promise<Peer> {
  const loaded = (await import(cedarFile.href)) as Cedar & { default?: Cedar }
  const wasm = loaded.default ?? loaded
  return { name: 'cedar wasm', prepare: (bench, request) => prepareCedar(wasm, bench, request) }
}

/** One Cedar policy set a layer; allowed where every layer allows. The bucket policy only denies here. */
function prepareCedar(
  wasm: Cedar,
  { name, policies }: BenchCase,
  request: AuthorizationRequest,
): () => string {
  const team = request.context['aws:PrincipalTag/team']
  const everything = 'permit(principal, action, resource);'
  const layers: string[] = []
  const add = (layer: string, inputs: readonly PolicyInput[], more = '') => {
    const id = `${name} ${layer}`
    const text = inputs.map(({ document }) => toCedar(document, String(team))).join('\n') + more
    const parsed = wasm.preparsePolicySet(id, { staticPolicies: text })
    if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))
    layers.push(id)
  }
  const identity = policies.identity.length > 0
  if (identity) add('identity', policies.identity)
  if (policies.resource) add('resource', [policies.resource], identity ? everything : '')
  if (policies.boundary) add('boundary', policies.boundary)
  if (policies.session) add('session', policies.session)
  const keys = Object.entries(request.context).map(([key, value]) => [
    key,
    key === 'aws:SourceIp' ? { __extn: { fn: 'ip', arg: String(value) } } : String(value),
  ])
  const call = {
    principal: { type: 'Principal', id: 'caller' },
    action: { type: 'Action', id: 'call' },
    resource: { type: 'Resource', id: 'thing' },
    context: { ...Object.fromEntries(keys), action: request.action, arn: request.resource },
    entities: [],
  }
  return () => {
    for (const preparsedPolicySetId of layers) {
      const { response } = wasm.statefulIsAuthorized({ ...call, preparsedPolicySetId })
      if (response?.decision !== 'allow') return 'implicitDeny'
    }
    return 'allowed'
  }
}

interface BenchStatement {
  readonly Effect: string
  readonly Action: string | string[]
  readonly Resource?: string | string[]
  readonly Condition?: Record<string, Record<string, string | string[]>>
}

const list = (value: string | string[]) => (Array.isArray(value) ? value : [value])

/** Translates what the bench's policies use: action and resource patterns, four operators, one variable. */
function toCedar(document: string, team: string): string {
  const { Statement } = JSON.parse(document) as { Statement: BenchStatement[] | BenchStatement }
  const statements = Array.isArray(Statement) ? Statement : [Statement]
  return statements
    .map(({ Effect, Action, Resource, Condition = {} }) => {
      const tests = [like('action', list(Action))]
      if (Resource)
        tests.push(
          like(
            'arn',
            list(Resource).map((r) => r.replace(/\$\{[^}]*\}/g, team)),
          ),
        )
      for (const [operator, keys] of Object.entries(Condition)) {
        for (const [key, values] of Object.entries(keys))
          tests.push(condition(operator, key, list(values)))
      }
      const effect = Effect === 'Allow' ? 'permit' : 'forbid'
      return `${effect}(principal, action, resource) when { ${tests.join(' && ')} };`
    })
    .join('\n')
}

function like(key: string, patterns: readonly string[]): string {
  return `(${patterns.map((p) => `context[${JSON.stringify(key)}] like ${JSON.stringify(p)}`).join(' || ')})`
}

function condition(operator: string, key: string, values: readonly string[]): string {
  const name = `context[${JSON.stringify(key)}]`
  const each = (test: (value: string) => string) => `(${values.map(test).join(' || ')})`
  const has = `context has ${JSON.stringify(key)} && `
  if (operator === 'StringLike') return has + like(key, values)
  if (operator === 'IpAddress')
    return has + each((v) => `${name}.isInRange(ip(${JSON.stringify(v)}))`)
  return has + each((v) => `${name} == ${JSON.stringify(v)}`)
}
