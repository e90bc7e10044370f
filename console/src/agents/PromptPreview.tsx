// The prompts that the agent runs with now, with values for their variables.

import { useState } from 'react';
import { describeFailure } from '../api/problems';
import { useRead } from '../api/useRead';
import { Problem } from '../shell/Problem';
import { RENDER_PROMPT, type Agent } from './operations';

interface Props {
  agent: Agent;
  variables: readonly string[];
}

export function PromptPreview({ agent, variables }: Props) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const given = Object.fromEntries(variables.map((name) => [name, values[name] ?? `⟨${name}⟩`]));
  const [{ data, error }] = useRead({ query: RENDER_PROMPT, variables: { agentId: agent.id, variables: given } });
  const rendered = data?.renderPrompt;

  return (
    <div className="preview">
      <section className="panel stack" aria-labelledby="values">
        <h2 id="values">Values</h2>
        {variables.length === 0 && <p className="hint">The prompts have no variables.</p>}
        {variables.map((name) => (
          <label key={name}>
            {name}
            <textarea rows={2} value={values[name] ?? ''} onChange={(event) => setValues({ ...values, [name]: event.target.value })} />
          </label>
        ))}
      </section>
      <section className="panel stack" aria-label="Rendered prompts">
        <Problem message={error && describeFailure(error)} />
        {rendered && (
          <>
            <h2>System prompt</h2>
            <pre className="prompt">{rendered.systemPrompt || '–'}</pre>
            <h2>User prompt</h2>
            <pre className="prompt">{rendered.userPrompt || '–'}</pre>
          </>
        )}
      </section>
    </div>
  );
}
