/**
 * The pipeline of docs/tutorial.md: counts the words of a text, writes a report about it, and publishes
 * the report in a folder that somebody else has to provide. The page quotes the regions.
 */
// #region count
import { rename, writeFile } from 'node:fs/promises'
import { Phase, Pipeline, Reject, chain, type Context } from 'carbontube'

export class CountWords extends Phase {
  readonly jobType = 'count-words'

  execute(job: { title: string; text: string }) {
    if (!/^[a-z0-9-]+$/.test(job.title)) {
      throw new Reject(`the title becomes a file name: a-z, 0-9 and -; got "${job.title}"`)
    }
    const words = job.text.split(/\s+/).filter((word) => word !== '')
    return { words: words.length }
  }
}
// #endregion count

// #region report
export class WriteReport extends Phase {
  readonly jobType = 'write-report'

  execute(job: { title: string; words: number }) {
    return { report: `${job.title} has ${job.words} words.\n` }
  }
}
// #endregion report

// #region publish
export class Publish extends Phase {
  readonly jobType = 'publish'
  retry = { attempts: 50, delay: 2_000, factor: 1, jitter: false }

  async execute(job: { title: string; report: string }, context: Context) {
    const path = `published/${job.title}.txt`
    const unfinished = `${path}.${context.fence}`
    await writeFile(unfinished, job.report)
    await rename(unfinished, path)
    context.log.info('published', { path })
    return { path }
  }
}
// #endregion publish

// #region pipeline
export class Reports extends Pipeline {
  readonly name = 'reports'
  readonly phases = chain(CountWords, WriteReport, Publish)
}
// #endregion pipeline
