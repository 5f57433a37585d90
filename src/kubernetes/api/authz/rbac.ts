/** RBAC: the rules that roles and bindings give, held in memory by subject, and kept up by the store's changes. */
import type { KubernetesObject, UserInfo } from '../../object.ts'
import type { Kind } from '../kind.ts'
import type { Objects } from '../objects.ts'
import {
  clusterRoleBindings,
  type RoleRef,
  roleBindings,
  type Subject,
} from '../resources/role-bindings.ts'
import { clusterRoles, roles } from '../resources/roles.ts'
import type { Authorizer, Grant } from './authorizer.ts'
import type { PolicyRule } from './policy-rule.ts'

/** One binding: its role, and its subjects' keys. */
interface Binding {
  readonly role: string
  /** What to say when the role is not there. */
  readonly absent: string
  readonly subjects: readonly string[]
}

/** A subject's place in a binding, with what decisions by it are explained with. */
interface Entry {
  readonly binding: Binding
  readonly position: number
  readonly reason: string
}

/** Entries of one scope (a namespace, or the cluster: '') by subject. */
type Scope = Map<string, Set<Entry>>

const userKey = (name: string) => `user ${name}`
const groupKey = (name: string) => `group ${name}`
/** A key of no request's: subjects of unknown kinds and accounts without a namespace are nobody. */
const nobody = ''

/** Authorizes by what is stored. */
export class RbacRules implements Authorizer, Disposable {
  readonly #roles = new Map<string, readonly PolicyRule[]>()
  readonly #bindings = new Map<string, readonly Entry[]>()
  readonly #scopes = new Map<string, Scope>()
  readonly #watches = new DisposableStack()

  constructor(objects: Objects) {
    this.#follow(objects, clusterRoles, this.#keepRole)
    this.#follow(objects, roles, this.#keepRole)
    this.#follow(objects, clusterRoleBindings, this.#keepBinding)
    this.#follow(objects, roleBindings, this.#keepBinding)
  }

  [Symbol.dispose](): void {
    this.#watches.dispose()
  }

  *grants(user: UserInfo, namespace: string | undefined): Generator<Grant> {
    for (const { binding, reason } of this.#entriesOf(user, namespace)) {
      for (const rule of this.#roles.get(binding.role) ?? []) yield { rule, reason }
    }
  }

  /** What bindings of the user name roles that are not there. */
  failures(user: UserInfo, namespace: string | undefined): readonly string[] {
    const bindings = this.#entriesOf(user, namespace).map((entry) => entry.binding)
    const lost = bindings.filter(({ role }) => !this.#roles.has(role))
    return [...new Set(lost.map(({ absent }) => absent))]
  }

  /** The rules of the role that a binding in `namespace` would give; undefined when it is not there. */
  rulesOf(ref: RoleRef, namespace: string | undefined): readonly PolicyRule[] | undefined {
    return this.#roles.get(roleKey(ref, namespace))
  }

  #entriesOf(user: UserInfo, namespace: string | undefined): Entry[] {
    const keys = [userKey(user.username), ...user.groups.map(groupKey)]
    const everywhere = this.#scopes.get('')
    const here = namespace ? this.#scopes.get(namespace) : undefined
    return [...matching(everywhere, keys), ...matching(here, keys)]
  }

  #follow(objects: Objects, kind: Kind, keep: (id: string, object?: KubernetesObject) => void) {
    const { items, revision } = objects.list(kind, undefined)
    for (const object of items) keep(idOf(object), object)
    this.#watches.use(
      objects.watch(kind, undefined, revision, ({ kind: change, object }) =>
        keep(idOf(object), change === 'deleted' ? undefined : object),
      ),
    )
  }

  #keepRole = (id: string, object?: KubernetesObject) => {
    if (object) this.#roles.set(id, object['rules'] ?? [])
    else this.#roles.delete(id)
  }

  #keepBinding = (id: string, object?: KubernetesObject) => {
    const scope = id.slice(id.indexOf(' ') + 1, id.indexOf('/'))
    for (const entry of this.#bindings.get(id) ?? []) this.#remove(scope, entry)
    this.#bindings.delete(id)
    if (!object) return
    const entries = entriesIn(object)
    this.#bindings.set(id, entries)
    for (const entry of entries) this.#add(scope, entry)
  }

  #add(scope: string, entry: Entry): void {
    const subjects: Scope = this.#scopes.get(scope) ?? new Map()
    this.#scopes.set(scope, subjects)
    const key = entry.binding.subjects[entry.position] ?? nobody
    const entries = subjects.get(key) ?? new Set()
    subjects.set(key, entries)
    entries.add(entry)
  }

  #remove(scope: string, entry: Entry): void {
    const subjects = this.#scopes.get(scope)
    const key = entry.binding.subjects[entry.position] ?? nobody
    const entries = subjects?.get(key)
    entries?.delete(entry)
    if (entries?.size === 0) subjects?.delete(key)
    if (subjects?.size === 0) this.#scopes.delete(scope)
  }
}

/** Each binding once, by the first of its subjects that fits. */
function matching(scope: Scope | undefined, keys: readonly string[]): Iterable<Entry> {
  const found = new Map<Binding, Entry>()
  if (!scope) return []
  for (const key of keys) {
    for (const entry of scope.get(key) ?? []) {
      const known = found.get(entry.binding)
      if (!known || entry.position < known.position) found.set(entry.binding, entry)
    }
  }
  return found.values()
}

/** `Role shop/reader`, `ClusterRole /view`: the scope lies between the blank and the slash. */
function idOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
}

function roleKey({ kind, name }: RoleRef, namespace: string | undefined): string {
  return `${kind} ${kind === 'Role' ? (namespace ?? '') : ''}/${name}`
}

function entriesIn(object: KubernetesObject): Entry[] {
  const { namespace, name } = object.metadata
  const subjects: readonly Subject[] = object['subjects'] ?? []
  const ref: RoleRef = object['roleRef']
  const binding: Binding = {
    role: roleKey(ref, namespace),
    absent: `${ref.kind.toLowerCase()}.${ref.apiGroup} ${JSON.stringify(ref.name)} not found`,
    subjects: subjects.map((subject) => subjectKey(subject, namespace)),
  }
  const own = JSON.stringify(namespace === undefined ? name : `${name}/${namespace}`)
  const what = `RBAC: allowed by ${object.kind} ${own} of ${ref.kind} ${JSON.stringify(ref.name)}`
  return subjects.map((subject, position) => ({
    binding,
    position,
    reason: `${what} to ${subjectText(subject, namespace)}`,
  }))
}

function subjectKey({ kind, name = '', ...subject }: Subject, namespace: string | undefined) {
  if (kind === 'User') return userKey(name)
  if (kind === 'Group') return groupKey(name)
  const home = subject.namespace || namespace
  if (kind !== 'ServiceAccount' || !home) return nobody
  return userKey(`system:serviceaccount:${home}:${name}`)
}

function subjectText({ kind, name = '', ...subject }: Subject, namespace = ''): string {
  const full = kind === 'ServiceAccount' ? `${name}/${subject.namespace || namespace}` : name
  return `${kind} ${JSON.stringify(full)}`
}
