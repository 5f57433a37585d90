/** How one webhook is set up: the flags of AWS's own, by their meaning, and what ours adds. */

export interface WebhookSettings {
  /** Of every annotation: `eks.amazonaws.com`. */
  readonly annotationPrefix: string
  readonly audience: string
  /** Folder in the container where the token is mounted. */
  readonly mountPath: string
  readonly tokenExpirationSeconds: number
  /** Longer wishes are cut to this, with a warning. */
  readonly tokenExpirationSecondsMax: number
  /** Set as AWS_REGION and AWS_DEFAULT_REGION where the container has neither. */
  readonly region?: string
  /** AWS_STS_REGIONAL_ENDPOINTS=regional unless a ServiceAccount says otherwise. */
  readonly regionalSts: boolean
  /** The partition that roles must be in; absent: any. */
  readonly partition?: string
  /** Roles may be named without their ARN: `--compose-role-arn`, told whose they are. */
  readonly composeRoleArn?: { readonly partition: string; readonly account: string }
  /** Refuse a pod that cannot get its role, instead of letting it run without. */
  readonly strict: boolean
  readonly containerCredentials: ContainerCredentialsSettings
}

/** EKS Pod Identity: credentials from the node's agent instead of STS. */
export interface ContainerCredentialsSettings {
  readonly audience: string
  readonly mountPath: string
  readonly volumeName: string
  readonly tokenFile: string
  readonly fullUri: string
}

/** Tokens shorter than this the API server does not issue. */
export const tokenExpirationSecondsMin = 600

/** As AWS's own webhook is set up without any flag. */
export const defaultSettings: WebhookSettings = {
  annotationPrefix: 'eks.amazonaws.com',
  audience: 'sts.amazonaws.com',
  mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
  tokenExpirationSeconds: 86_400,
  tokenExpirationSecondsMax: 86_400,
  regionalSts: false,
  strict: false,
  containerCredentials: {
    audience: 'pods.eks.amazonaws.com',
    mountPath: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
    volumeName: 'eks-pod-identity-token',
    tokenFile: 'eks-pod-identity-token',
    fullUri: 'http://169.254.170.23/v1/credentials',
  },
}
