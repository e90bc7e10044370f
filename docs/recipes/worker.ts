// An agent that takes part in a meeting: it answers whoever addresses it by name.
//
//   npm install path/to/rapporteur/clients/typescript/rapporteur-client-0.1.0.tgz
//   node worker.ts http://127.0.0.1:8000 concierge 01900000-0000-7000-8000-0000000000c1
//
// Node.js runs it as it is from 22.18 on; `npx tsx` does with an older one.

import { Client, PromptError, render, type Config } from 'rapporteur-client';
import { diskCache } from 'rapporteur-client/node';

const [url = 'http://127.0.0.1:8000', agent = 'concierge', meetingId = ''] = process.argv.slice(2);
const NAME = 'Concierge';
const FALLBACK = { modelProvider: 'openai', modelName: 'gpt-5-mini', userPromptTemplate: '{{speaker}} asks: {{question}}' };

/** Asks the model. Put your provider's library here; this one only says what it was asked. */
async function complete({ modelName, modelParameters }: Config, systemPrompt: string, userPrompt: string): Promise<string> {
  return `[${modelName} with ${JSON.stringify(modelParameters)}] ${userPrompt}`;
}

const client = new Client({
  url,
  key: process.env['RAPPORTEUR_API_KEY'],
  cache: diskCache('.rapporteur-cache'),
  defaults: { [agent]: FALLBACK },
});
process.once('SIGTERM', () => void client.close());

await client.waitUntilCurrent();
const answers = client.segments(meetingId);
const answered = new Set<number>();
const questions = new Map<number, { speaker: string; text: string; endTime: number }>();
for await (const { segments, caughtUp } of client.follow(meetingId)) {
  for (const segment of segments) {
    const answerTo = /^answer-to-(\d+)$/.exec(segment.externalId ?? '');
    if (answerTo) answered.add(Number(answerTo[1])); // by this worker, perhaps before it was started again
    else if (segment.isFinal && segment.text.startsWith(`${NAME},`)) questions.set(segment.segmentId, segment);
  }
  if (!caughtUp) continue;
  for (const [segmentId, { speaker, text: question, endTime }] of questions) {
    questions.delete(segmentId);
    if (answered.has(segmentId)) continue;
    answered.add(segmentId);
    const { config } = client.config(agent); // of this moment, also while the server is away
    try {
      const { systemPrompt, userPrompt } = render(config, { speaker, question });
      const text = await complete(config, systemPrompt, userPrompt);
      answers.write({ externalId: `answer-to-${segmentId}`, speaker: NAME, text, startTime: endTime, endTime });
    } catch (error) {
      if (!(error instanceof PromptError)) throw error;
      console.error(`no answer to segment ${segmentId}: ${error.message}`);
    }
  }
}
await client.close();
