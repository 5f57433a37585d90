/** Launch templates: how a node group wants its instances started, as far as that shows. One version each. */
import { randomBytes } from 'node:crypto'
import { type Store, StoreError } from '../../store/store.ts'
import { refuse } from './errors.ts'
import type { InstanceMetadataOptions } from './fleet.ts'

/** Times are ms since the epoch. */
export interface LaunchTemplateRecord {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly createdBy: string
  readonly launch: InstanceLaunch
}

/** What an instance of a template starts with. */
export interface InstanceLaunch {
  readonly metadataOptions?: Partial<InstanceMetadataOptions>
  /** Text of the user data. */
  readonly userData?: string
}

/** Where templates are looked for. */
export interface TemplatePlace {
  readonly account: string
  readonly region: string
}

/** Names a template by one of the two; `version`: 1, `$Latest` or `$Default`. */
export interface TemplateName {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly version?: string | undefined
}

const templatesMax = 5000

export class LaunchTemplates {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  list(place: TemplatePlace): LaunchTemplateRecord[] {
    return this.#store
      .list<LaunchTemplateRecord>(prefixOf(place), { limit: templatesMax })
      .items.map(({ value }) => value)
  }

  /** Throws InvalidLaunchTemplateName.AlreadyExistsException. */
  async create(
    place: TemplatePlace,
    template: Omit<LaunchTemplateRecord, 'id'>,
  ): Promise<LaunchTemplateRecord> {
    const record = { id: `lt-0${randomBytes(8).toString('hex')}`, ...template }
    try {
      await this.#store.create(prefixOf(place) + record.name, record)
    } catch (error) {
      if (!(error instanceof StoreError && error.kind === 'exists')) throw error
      throw refuse['InvalidLaunchTemplateName.AlreadyExistsException']()
    }
    return record
  }

  /** Throws where there is no such template or version. */
  find(place: TemplatePlace, { id, name, version }: TemplateName): LaunchTemplateRecord {
    const all = this.list(place)
    const found = all.find((template) => (id ? template.id === id : template.name === name))
    if (!found) {
      throw id
        ? refuse['InvalidLaunchTemplateId.NotFound']({ id })
        : refuse['InvalidLaunchTemplateName.NotFoundException']()
    }
    if (version && !['1', '$Latest', '$Default'].includes(version)) {
      throw refuse['InvalidLaunchTemplateId.VersionNotFound']({ version })
    }
    return found
  }

  async delete(place: TemplatePlace, of: TemplateName): Promise<LaunchTemplateRecord> {
    const found = this.find(place, of)
    await this.#store.delete(prefixOf(place) + found.name)
    return found
  }
}

function prefixOf({ account, region }: TemplatePlace): string {
  return `/ec2/launch-templates/${account}/${region}/`
}
