/** The refusals of EKS Auth: their codes and statuses are AWS's, the texts too where a comment does not say otherwise. */
import type { PodIdentityFault } from '../../chain/pod-identity.ts'
import { errors, type Refusal } from '../../kernel/refusal.ts'

const refuse = errors({
  AccessDeniedException: [400, '{text}'],
  ExpiredTokenException: [400, '{text}'],
  InvalidTokenException: [400, '{text}'],
  ResourceNotFoundException: [404, '{text}'],
})

export function noCluster(name: string): Refusal {
  return refuse.ResourceNotFoundException({ text: `No cluster found for name: ${name}.` })
}

/** The answer to a token or association that buys nothing. Texts other than that of a missing trust are ours. */
export function refusalFor(fault: PodIdentityFault): Refusal {
  switch (fault.kind) {
    case 'not-trusted':
      return refuse.AccessDeniedException({
        text: 'Unauthorized Exception! EKS does not have permissions to assume the associated role.',
      })
    case 'no-association': {
      const { namespace, serviceAccount } = fault.pod
      const text = `No association found for service account ${serviceAccount} in namespace ${namespace}`
      return refuse.ResourceNotFoundException({ text })
    }
    case 'expired':
    case 'too-old':
      return refuse.ExpiredTokenException({ text: 'The provided token has expired.' })
    case 'wrong-audience':
      return refuse.InvalidTokenException({
        text: 'The audience of the provided token is invalid.',
      })
    case 'wrong-issuer':
      return refuse.InvalidTokenException({ text: 'The issuer of the provided token is invalid.' })
    case 'not-of-a-pod':
      return refuse.InvalidTokenException({ text: 'The provided token is not bound to a pod.' })
    case 'bad-signature':
      return refuse.InvalidTokenException({
        text: 'The signature of the provided token is invalid.',
      })
    default:
      return refuse.InvalidTokenException({ text: 'The provided token is invalid.' })
  }
}
