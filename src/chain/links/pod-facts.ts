/** Pods and ServiceAccounts as the links read them: any object of the Kubernetes API fits. */

export interface MetadataFacts {
  readonly name?: string
  readonly namespace?: string
  readonly creationTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
}

export interface ContainerFacts {
  readonly name?: string
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly volumeMounts?: readonly {
    readonly name: string
    readonly mountPath?: string
    readonly subPath?: string
    readonly subPathExpr?: string
  }[]
}

export interface VolumeFacts {
  readonly name: string
  readonly projected?: {
    readonly sources?: readonly {
      readonly serviceAccountToken?: { readonly audience?: string; readonly path?: string }
    }[]
  }
}

export interface PodFacts {
  readonly metadata: MetadataFacts
  readonly spec?: {
    readonly serviceAccountName?: string
    readonly containers?: readonly ContainerFacts[]
    readonly initContainers?: readonly ContainerFacts[]
    readonly volumes?: readonly VolumeFacts[]
    readonly nodeSelector?: Readonly<Record<string, string>>
    readonly os?: { readonly name: string }
  }
}

export interface ServiceAccountFacts {
  readonly metadata: MetadataFacts
}
