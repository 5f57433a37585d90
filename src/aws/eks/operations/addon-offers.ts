/** What add-ons there are to have: DescribeAddonVersions and DescribeAddonConfiguration. */
import type {
  DescribeAddonConfigurationRequest,
  DescribeAddonConfigurationResponse,
  DescribeAddonVersionsRequest,
  DescribeAddonVersionsResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import type { Checked } from '../../protocol/checked.ts'
import { anyNeed } from '../access.ts'
import { offers, showOffer } from '../addons.ts'
import { notFound } from '../errors.ts'
import { pageOf } from '../paging.ts'

/** The add-ons on offer, one version each, all or those asked for. */
export const describeAddonVersions: Operation<
  DescribeAddonVersionsRequest,
  DescribeAddonVersionsResponse,
  unknown
> = {
  name: 'DescribeAddonVersions',
  access: () => [anyNeed('DescribeAddonVersions')],
  handle(input) {
    const { addonName, kubernetesVersion, types, owners, publishers } = input
    const wanted = (list: readonly string[] | undefined, value: string) =>
      !list?.length || list.includes(value)
    const found = Object.entries(offers)
      .filter(([name]) => addonName === undefined || name === addonName)
      .filter(([, offer]) => wanted(types, offer.type))
      .filter(() => wanted(owners, 'aws') && wanted(publishers, 'eks'))
      .map(([name, offer]) => showOffer(name, offer, kubernetesVersion))
    const { items, ...rest } = pageOf(found, input)
    return { addons: items, ...rest }
  },
}

/** How an add-on can be set up: here not at all, but for the association that it wants. */
export const describeAddonConfiguration: Operation<
  Checked<DescribeAddonConfigurationRequest>,
  DescribeAddonConfigurationResponse,
  unknown
> = {
  name: 'DescribeAddonConfiguration',
  access: () => [anyNeed('DescribeAddonConfiguration')],
  handle({ addonName, addonVersion }) {
    const offer = Object.hasOwn(offers, addonName) ? offers[addonName] : undefined
    if (offer?.version !== addonVersion) {
      throw notFound('Addon configuration schema not found.', { addonName })
    }
    const { serviceAccount, recommendedPolicies = [] } = offer
    return {
      addonName,
      addonVersion,
      configurationSchema: JSON.stringify({
        $schema: 'http://json-schema.org/draft-06/schema#',
        type: 'object',
        additionalProperties: true,
      }),
      podIdentityConfiguration: serviceAccount
        ? [{ serviceAccount, recommendedManagedPolicies: [...recommendedPolicies] }]
        : [],
    }
  },
}
