/** What is fixed about the tokens of EKS Pod Identity, for the webhook, the links and the service that takes them. */

export const podIdentityAudience = 'pods.eks.amazonaws.com'
