/** The part of EC2 that nodes need: what instances there are, and how their metadata services answer. */
import { Refusal } from '../../kernel/refusal.ts'
import type { AwsService, WireError } from '../operation.ts'
import { bindService } from '../protocol/bind-service.ts'
import { authenticationErrors } from './errors.ts'
import type { Ec2Fleet } from './fleet.ts'
import type { LaunchTemplates } from './launch-templates.ts'
import { model } from './model.ts'
import { describeInstances } from './operations/describe-instances.ts'
import { describeAvailabilityZones, describeRegions } from './operations/describe-regions.ts'
import {
  createLaunchTemplate,
  deleteLaunchTemplate,
  describeLaunchTemplates,
} from './operations/launch-templates.ts'
import { modifyInstanceMetadataOptions } from './operations/modify-instance-metadata-options.ts'
import { writeAnswer, writeError } from './wire.ts'

export const operations = {
  CreateLaunchTemplate: createLaunchTemplate,
  DeleteLaunchTemplate: deleteLaunchTemplate,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeInstances: describeInstances,
  DescribeRegions: describeRegions,
  ModifyInstanceMetadataOptions: modifyInstanceMetadataOptions,
}

/** The service; what it changes, the fleet keeps. */
export function createEc2(deps: {
  readonly fleet: Ec2Fleet
  readonly templates: LaunchTemplates
}): AwsService {
  const query = bindService({ model, operations, deps })
  return {
    ...query,
    authenticationErrors,
    match(request, form) {
      const action = form?.get('Action')
      if (action && !Object.hasOwn(operations, action)) {
        throw new Refusal(`Podpass does not implement ec2:${action.slice(0, 100)}.`, {
          code: 'NotImplemented',
          status: 501,
        })
      }
      const bound = query.match(request, form)
      return {
        ...bound,
        write: (output, { requestId }) => writeAnswer(bound.name, output, requestId),
      }
    },
    writeError: (error, { requestId }) => writeError(error, requestId),
    denied: (message): WireError => ({
      code: 'UnauthorizedOperation',
      status: 403,
      message: `You are not authorized to perform this operation. ${message}`,
    }),
  }
}
