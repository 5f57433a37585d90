/** Finds kinds by their addresses. */
import type { KubernetesObject, ResourceRef } from '../object.ts'
import { apiVersionOf, type Kind, type Review } from './kind.ts'
import { noSuchPath } from './status.ts'

/** The kinds of one API server, by resource and by apiVersion and kind. */
export class Registry {
  readonly kinds: readonly Kind[]
  readonly reviews: readonly Review[]
  readonly #byResource = new Map<string, Kind>()
  readonly #byKind = new Map<string, Kind>()

  constructor(kinds: readonly Kind[], reviews: readonly Review[]) {
    this.kinds = kinds
    this.reviews = reviews
    for (const kind of kinds) {
      this.#byResource.set(`${kind.group}/${kind.version}/${kind.resource}`, kind)
      this.#byKind.set(`${apiVersionOf(kind)}/${kind.kind}`, kind)
    }
  }

  find({ group, version, resource }: ResourceRef): Kind | undefined {
    return this.#byResource.get(`${group}/${version}/${resource}`)
  }

  /** As `find`; an unknown resource is Kubernetes' 404. */
  get(resource: ResourceRef): Kind {
    const kind = this.find(resource)
    if (!kind) throw noSuchPath()
    return kind
  }

  findKind(apiVersion: string, kind: string): Kind | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`)
  }

  findReview({ group, version, resource }: ResourceRef): Review | undefined {
    return this.reviews.find(
      (r) => r.group === group && r.version === version && r.resource === resource,
    )
  }

  /** The address of the resource that an object's own type names. */
  resourceOf(object: KubernetesObject): Kind {
    const kind = this.findKind(object.apiVersion, object.kind)
    if (!kind) throw noSuchPath()
    return kind
  }
}
