/** Credentials in the form of STS's answers. */
import type { Credentials as WireCredentials } from '@aws-sdk/client-sts'
import type { Credentials } from '../caller.ts'

/** The expiration is cut to whole seconds, as AWS sends it. */
export function wireCredentials(credentials: Credentials): WireCredentials {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: new Date(Math.floor(credentials.expiration / 1000) * 1000),
  }
}
