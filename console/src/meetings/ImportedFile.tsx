import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { Link } from 'wouter';
import { mutate, useAction } from '../api/mutations';
import { Problem } from '../shell/Problem';
import { IMPORT_TRANSCRIPT } from './operations';
import { readText } from './readText';

type Imported = Awaited<ReturnType<typeof send>>;

/** A file on its way into a meeting: what became of it, and what the reader of files has noticed. */
export function ImportedFile({ file, onImported }: { file: File; onImported: () => void }) {
  const [imported, setImported] = useState<Imported | null>(null);
  const { run, problem } = useAction();
  const isSent = useRef(false);

  const start = useEffectEvent(async () => {
    const result = await run((client) => send(client, file));
    if (!result) return;
    setImported(result);
    onImported();
  });
  useEffect(() => {
    if (isSent.current) return; // React mounts twice in development
    isSent.current = true;
    void start();
  }, []);

  return (
    <li>
      <strong>{file.name}</strong>{' '}
      {imported && (
        <>
          <Link href={`/meetings/${imported.meeting.id}`}>{imported.meeting.title}</Link>
          {`: ${imported.created} new, ${imported.updated} changed, ${imported.unchanged} as they were (${imported.dialect})`}
        </>
      )}
      {!imported && !problem && <span role="status">Importing…</span>}
      <Problem message={problem} />
      {imported && imported.notes.length > 0 && (
        <details>
          <summary>{imported.notes.length === 1 ? 'One note' : `${imported.notes.length} notes`}</summary>
          <ul>
            {imported.notes.map(({ line, message }, index) => (
              <li key={index}>{line !== null && `Line ${line}: `}{message}</li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

const send = async (client: Parameters<typeof mutate>[0], file: File) =>
  mutate(client, IMPORT_TRANSCRIPT, { input: { content: await readText(file), fileName: file.name } });
