import type { Call, Need, Operation } from '../../operation.ts'
import { refuse } from '../errors.ts'
import { filtered } from '../filters.ts'
import { refuseDryRun } from '../find.ts'
import type { LaunchTemplateRecord, LaunchTemplates } from '../launch-templates.ts'
import { metadataChange } from '../metadata-change.ts'
import type {
  CreateLaunchTemplateInput,
  DescribeLaunchTemplatesInput,
  LaunchTemplateOutput,
  LaunchTemplatesOutput,
  NamedTemplateInput,
  WireLaunchTemplate,
} from '../shapes.ts'

interface Deps {
  readonly templates: LaunchTemplates
}

const userDataMax = 16_384

/** Keeps how instances are to be started: of the data, the metadata options and the user data. */
export const createLaunchTemplate: Operation<
  CreateLaunchTemplateInput,
  LaunchTemplateOutput,
  Deps
> = {
  name: 'CreateLaunchTemplate',
  access: (_input, call) => [need('CreateLaunchTemplate', call, '*')],
  async handle(input, call, { templates }) {
    const { LaunchTemplateName: name = '', LaunchTemplateData: data } = input
    if (!data) throw refuse.MissingParameter({ name: 'LaunchTemplateData' })
    if (!/^[\w()./-]{3,128}$/.test(name)) {
      throw refuse.InvalidParameterValue({
        text: `Invalid launch template name: ${name.slice(0, 128)}`,
      })
    }
    const metadataOptions = metadataChange(data.MetadataOptions ?? {})
    const userData = Buffer.from(data.UserData ?? '', 'base64')
    if (userData.length > userDataMax) {
      throw refuse.InvalidParameterValue({ text: `User data is limited to ${userDataMax} bytes` })
    }
    refuseDryRun(input)
    const record = await templates.create(call, {
      name,
      createdAt: call.at,
      createdBy: 'arn' in call.caller ? call.caller.arn : '',
      launch: { metadataOptions, ...(data.UserData ? { userData: userData.toString() } : {}) },
    })
    return { LaunchTemplate: show(record) }
  },
}

export const deleteLaunchTemplate: Operation<NamedTemplateInput, LaunchTemplateOutput, Deps> = {
  name: 'DeleteLaunchTemplate',
  access: ({ LaunchTemplateId: id, LaunchTemplateName: name }, call, { templates }) => {
    const found = templates
      .list(call)
      .find((template) => (id ? template.id === id : template.name === name))
    return [need('DeleteLaunchTemplate', call, found?.id ?? id ?? '*')]
  },
  async handle(input, call, { templates }) {
    const { LaunchTemplateId: id, LaunchTemplateName: name } = input
    if (!id && !name) throw refuse.MissingParameter({ name: 'LaunchTemplateId' })
    const found = templates.find(call, { id, name })
    refuseDryRun(input)
    await templates.delete(call, { id: found.id })
    return { LaunchTemplate: show(found) }
  },
}

export const describeLaunchTemplates: Operation<
  DescribeLaunchTemplatesInput,
  LaunchTemplatesOutput,
  Deps
> = {
  name: 'DescribeLaunchTemplates',
  access: () => [{ action: 'ec2:DescribeLaunchTemplates', resource: '*' }],
  handle(input, call, { templates }) {
    refuseDryRun(input)
    const { LaunchTemplateIds: ids = [], LaunchTemplateNames: names = [] } = input
    const named = [
      ...ids.map((id) => templates.find(call, { id })),
      ...names.map((name) => templates.find(call, { name })),
    ]
    const all = ids.length + names.length > 0 ? named : templates.list(call)
    const found = filtered(all, input.Filters, ['launch-template-name'], ({ name }) => [name])
    return { LaunchTemplates: found.map(show) }
  },
}

function need(action: string, { region, account }: Call, id: string): Need {
  return {
    action: `ec2:${action}`,
    resource: `arn:aws:ec2:${region}:${account}:launch-template/${id}`,
  }
}

function show({ id, name, createdAt, createdBy }: LaunchTemplateRecord): WireLaunchTemplate {
  return {
    LaunchTemplateId: id,
    LaunchTemplateName: name,
    CreateTime: new Date(createdAt),
    CreatedBy: createdBy,
    DefaultVersionNumber: 1,
    LatestVersionNumber: 1,
  }
}
