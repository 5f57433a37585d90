/** Which role a ServiceAccount has: its annotation's, else the one that a ConfigMap gives it, as on kOps. */
import {
  type RoleAnnotation,
  type RoleAnnotationOptions,
  readRoleAnnotation,
  roleArnFault,
} from './role-annotation.ts'

/** Its JSON object is under the key `config`: `{"NAMESPACE/NAME": {"RoleARN": …}}`, `*` for any namespace. */
export const roleMappingMap = { namespace: 'kube-system', name: 'pod-identity-webhook' } as const

/** What is left out is as the webhook is set up, but for `regionalSts`. */
export interface MappedRole {
  readonly kind: 'mapped'
  readonly roleArn: string
  readonly audience?: string
  readonly regionalSts: boolean
  readonly tokenExpirationSeconds?: number
}

export type RoleMappingAnswer =
  | MappedRole
  | { readonly kind: 'none' }
  /** There is an entry, or a whole text, that nothing can be read from. */
  | { readonly kind: 'bad-mapping'; readonly why: string }

export interface RoleFacts {
  readonly namespace: string
  readonly name: string
  /** Of the ServiceAccount. */
  readonly annotations: Readonly<Record<string, string>>
  /** The text of the ConfigMap; undefined where there is none. */
  readonly roleMapping?: string | undefined
}

/** The webhook's rule, and that of those who explain it. An annotation that means nothing does not keep an entry out. */
export function findRole(
  { namespace, name, annotations, roleMapping }: RoleFacts,
  options: RoleAnnotationOptions,
): RoleAnnotation | RoleMappingAnswer {
  const annotated = readRoleAnnotation(annotations, options)
  if (annotated.kind === 'role' || annotated.kind === 'invalid') return annotated
  const mapped = findMappedRole(roleMapping, namespace, name)
  return mapped.kind === 'mapped' || annotated.kind === 'none' ? mapped : annotated
}

/** The entry of one ServiceAccount, else that of its name in any namespace. `text`: undefined where there is no ConfigMap. */
export function findMappedRole(
  text: string | undefined,
  namespace: string,
  name: string,
): RoleMappingAnswer {
  if (text === undefined) return { kind: 'none' }
  const source = `ConfigMap ${roleMappingMap.namespace}/${roleMappingMap.name}`
  const entries = readObject(text)
  if (!entries) return { kind: 'bad-mapping', why: `${source}: \`config\` is no JSON object` }
  const key = [`${namespace}/${name}`, `*/${name}`].find((wanted) => Object.hasOwn(entries, wanted))
  if (key === undefined) return { kind: 'none' }
  const entry = readEntry(entries[key])
  if (typeof entry !== 'string') return entry
  return { kind: 'bad-mapping', why: `${source}, ${key}: ${entry}` }
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The role of an entry, or what is wrong with it. Names of fields in any case, as Go reads them; null is as left out. */
function readEntry(value: unknown): MappedRole | string {
  if (!isRecord(value)) return 'no object'
  const fields = new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]))
  const roleArn = fields.get('rolearn') ?? ''
  const audience = fields.get('audience') ?? ''
  const regionalSts = fields.get('useregionalsts') ?? false
  const seconds = fields.get('tokenexpiration') ?? 0
  if (typeof roleArn !== 'string') return 'RoleARN is no text'
  if (typeof audience !== 'string') return 'Audience is no text'
  if (typeof regionalSts !== 'boolean') return 'UseRegionalSTS is neither true nor false'
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds)) {
    return 'TokenExpiration is no whole number'
  }
  const fault = roleArnFault(roleArn)
  if (fault !== undefined) return `RoleARN \`${roleArn}\`: ${fault}`
  return {
    kind: 'mapped',
    roleArn,
    ...(audience && { audience }),
    regionalSts,
    ...(seconds !== 0 && { tokenExpirationSeconds: seconds }),
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
