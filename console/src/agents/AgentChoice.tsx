// Chooses one of all agents: what is typed finds them by name or description, however many there are.

import { useDeferredValue, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useRead } from '../api/useRead';
import { AGENTS, type ListedAgent } from './operations';

const MAX_SHOWN = 20;

interface Props {
  label: string;
  /** Called with the agent's id; null: none. */
  onChoose: (agentId: string | null) => void;
}

export function AgentChoice({ label, onChoose }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [isChosen, setIsChosen] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const [active, setActive] = useState(0);
  const wanted = useDeferredValue(isChosen ? '' : text.trim());
  const filter = wanted ? { text: wanted } : null;
  const [{ data }] = useRead({ query: AGENTS, variables: { first: MAX_SHOWN, filter, orderBy: { field: 'NAME' } }, pause: !isOpen });
  const agents = data?.agents.nodes ?? [];
  const more = (data?.agents.totalCount ?? 0) - agents.length;
  const isUnknown = text.trim() !== '' && !isChosen;
  useEffect(() => input.current?.setCustomValidity(isUnknown ? 'Choose an agent from the list, or leave it empty.' : ''), [isUnknown]);

  const type = (value: string) => {
    setText(value);
    setIsChosen(false);
    setActive(0);
    setIsOpen(true);
    onChoose(null);
  };
  const choose = (agent: ListedAgent) => {
    setText(agent.name);
    setIsChosen(true);
    setIsOpen(false);
    onChoose(agent.id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const agent = agents[active];
    if (event.key === 'ArrowDown' && !isOpen) setIsOpen(true);
    else if (event.key === 'ArrowDown') setActive(Math.min(active + 1, agents.length - 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(active - 1, 0));
    else if (event.key === 'Enter' && isOpen && agent) choose(agent);
    else if (event.key === 'Escape' && isOpen) setIsOpen(false); // and the dialog stays
    else return;
    event.preventDefault();
  };
  return (
    <div className="choice">
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        role="combobox"
        autoComplete="off"
        placeholder="None. Type to find one"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={isOpen && agents[active] ? `${id}-${active}` : undefined}
        value={text}
        onChange={(event) => type(event.target.value)}
        onClick={() => setIsOpen(true)}
        onBlur={() => setIsOpen(false)}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={label} hidden={!isOpen}>
        {agents.map((agent, index) => (
          <li
            key={agent.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            onMouseDown={(event) => event.preventDefault()} // the input keeps the focus
            onClick={() => choose(agent)}
          >
            {agent.name} <span className="hint">{agent.slug}</span>
          </li>
        ))}
        {data && agents.length === 0 && <li role="option" aria-disabled="true" aria-selected="false" className="hint">No agent is like that</li>}
        {more > 0 && <li role="option" aria-disabled="true" aria-selected="false" className="hint">{more.toLocaleString()} more: type to find them</li>}
      </ul>
    </div>
  );
}
