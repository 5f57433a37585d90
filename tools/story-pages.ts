/**
 * Writes docs/story.md and docs/story.ja.md from one run of `podpass story --output json`, given as a file, else played
 * on a lab of its own: `node tools/story-pages.ts [run.json]`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { storyPage } from '../src/cli/story/markdown.ts'
import type { StoryResult } from '../src/cli/story/story.ts'
import { english } from '../src/cli/story/text-en.ts'
import { japanese } from '../src/cli/story/text-ja.ts'
import { ok, podpassProgram, startTestLab } from '../test/support/lab.ts'

async function played(): Promise<string> {
  const args = ['story', '--output', 'json']
  await using lab = await startTestLab()
  return ok(await lab.run(podpassProgram, args, { timeoutMs: 300_000 })).stdout
}

const [file] = process.argv.slice(2)
const story = JSON.parse(file ? readFileSync(file, 'utf8') : await played()) as StoryResult
if (!story.agrees) throw new Error('the run differs from the real systems: no page is made of it')
const docs = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url))
writeFileSync(docs('story.md'), storyPage(story, english, 'en'))
writeFileSync(docs('story.ja.md'), storyPage(story, japanese, 'ja'))
