/** What EC2 asks of whoever runs the instances. */

/** An instance: a node of a cluster. Times are ms since the epoch. */
export interface Ec2Instance {
  readonly instanceId: string
  readonly instanceType: string
  readonly imageId: string
  readonly privateIp: string
  readonly privateDnsName: string
  readonly account: string
  readonly region: string
  readonly availabilityZone: string
  readonly launchedAt?: number
  readonly instanceProfile?: { readonly arn: string; readonly id: string }
  readonly tags: Readonly<Record<string, string>>
}

/** How an instance's metadata service answers. */
export interface InstanceMetadataOptions {
  readonly httpTokens: 'optional' | 'required'
  readonly httpEndpoint: 'enabled' | 'disabled'
  /** 1 to 64. */
  readonly hopLimit: number
}

export interface Ec2Fleet {
  /** The instances that run, of all accounts and regions. */
  instances(): readonly Ec2Instance[]
  metadataOptions(instanceId: string): InstanceMetadataOptions
  /** Takes effect with the next request to the metadata service. */
  setMetadataOptions(instanceId: string, change: Partial<InstanceMetadataOptions>): Promise<void>
}
