/** What EKS asks of whoever runs clusters: the one port between the EKS API and Kubernetes itself. */

/** A cluster as it is to run. Everything but `version` stays the same for its whole life. */
export interface ClusterSpec {
  /** `arn:aws:eks:<region>:<account>:cluster/<name>`: names alone repeat in other regions and accounts. */
  readonly arn: string
  readonly name: string
  readonly account: string
  readonly region: string
  /** Kubernetes minor version as EKS shows it: `1.32`. */
  readonly version: string
  /** 32 upper-case hex digits: the last segment of the issuer URL, `https://…/id/<issuerId>`. */
  readonly issuerId: string
  /** `10.100.0.0/16`. */
  readonly serviceCidr: string
}

/** Where a running cluster is to be found. */
export interface ClusterAddresses {
  /** `https://127.0.0.1:6443`. */
  readonly endpoint: string
  /** PEM of the CA that signed the API server's certificate. */
  readonly certificateAuthorityPem: string
  /** OIDC issuer URL, byte for byte as in the tokens. */
  readonly issuer: string
}

/** A managed node group as it is to run. */
export interface NodegroupSpec {
  readonly clusterArn: string
  readonly name: string
  /** ARN of the role that instance metadata hands out on these nodes. */
  readonly nodeRole: string
  readonly desiredSize: number
  /** All labels of the nodes, EKS's own among them. */
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly { key: string; value?: string; effect: string }[]
  readonly instanceType: string
  /** From the launch template: how instance metadata answers at first, and the user data that it shows. */
  readonly launch?: NodeLaunch
}

export interface NodeLaunch {
  readonly metadataOptions?: {
    readonly httpTokens?: 'optional' | 'required'
    readonly httpEndpoint?: 'enabled' | 'disabled'
    readonly hopLimit?: number
  }
  readonly userData?: string
}

/** Finds the launch template that a request names; throws EC2's refusal where there is none. */
export type FindLaunchTemplate = (
  place: { readonly account: string; readonly region: string },
  named: {
    readonly id?: string | undefined
    readonly name?: string | undefined
    readonly version?: string | undefined
  },
) => { readonly id: string; readonly name: string; readonly launch: NodeLaunch }

/** A Fargate profile as it is to be heeded. */
export interface FargateProfileSpec {
  readonly name: string
  readonly podExecutionRoleArn: string
  /** Any of them is enough. `namespace` may hold `*` and `?`; all labels must be there. */
  readonly selectors: readonly {
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }[]
}

/**
 * Starts, stops and peoples clusters. Every call is idempotent, since EKS repeats them after a restart. A rejection
 * leaves the cluster (or node group) FAILED with the error's message as its health issue; it is never retried unasked.
 */
export interface ClusterControl {
  /** Resolves when the API server answers; for one that runs already, at once. The profiles count from its first pod on. */
  start(
    cluster: ClusterSpec,
    fargateProfiles: readonly FargateProfileSpec[],
  ): Promise<ClusterAddresses>
  /** Stops the cluster and forgets all its state. An unknown cluster is no error. */
  stop(clusterArn: string): Promise<void>
  /** Makes the group have exactly `desiredSize` nodes of that form; resolves when they are Ready. */
  provision(nodegroup: NodegroupSpec): Promise<void>
  /** Removes the group's nodes. An unknown group is no error. */
  release(clusterArn: string, nodegroupName: string): Promise<void>
  /** From now on these profiles count; pods that run by one that is no longer among them are deleted. */
  setFargateProfiles?(clusterArn: string, profiles: readonly FargateProfileSpec[]): Promise<void>
  /** The private DNS name (node name) of an instance, for `{{EC2PrivateDNSName}}`. */
  privateDnsName?(clusterArn: string, instanceId: string): string | undefined
}
