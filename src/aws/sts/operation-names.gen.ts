/** The operations of sts 2011-06-15. Generated from @aws-sdk/client-sts@3.1174.0 by tools/data/models.ts. */
export type OperationName =
  | 'AssumeRole'
  | 'AssumeRoleWithSAML'
  | 'AssumeRoleWithWebIdentity'
  | 'AssumeRoot'
  | 'DecodeAuthorizationMessage'
  | 'GetAccessKeyInfo'
  | 'GetCallerIdentity'
  | 'GetDelegatedAccessToken'
  | 'GetFederationToken'
  | 'GetScopedCredentials'
  | 'GetSessionToken'
  | 'GetWebIdentityToken'
