/** The webhook as a cluster knows it. */
import { skipLabel } from '../chain/links/injection.ts'

/** A MutatingWebhookConfiguration for a webhook at this URL, with the names that EKS gives its own. */
export function mutatingWebhookConfiguration({
  url,
  caPem,
  failurePolicy = 'Ignore',
}: {
  url: string
  caPem: string
  failurePolicy?: 'Ignore' | 'Fail'
}) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'pod-identity-webhook' },
    webhooks: [
      {
        name: 'iam-for-pods.amazonaws.com',
        clientConfig: { url, caBundle: Buffer.from(caPem).toString('base64') },
        rules: [
          {
            operations: ['CREATE'],
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['pods'],
            scope: '*',
          },
        ],
        failurePolicy,
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: { matchExpressions: [{ key: skipLabel, operator: 'DoesNotExist' }] },
        sideEffects: 'None',
        timeoutSeconds: 10,
        reinvocationPolicy: 'IfNeeded',
        admissionReviewVersions: ['v1', 'v1beta1'],
      },
    ],
  }
}
