import { useAction } from '../api/mutations';
import { query } from '../api/queries';
import type { TranscriptFormat } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { TRANSCRIPT_FILE, type Meeting } from './operations';

const FORMATS: readonly { format: TranscriptFormat; label: string; ending: string }[] = [
  { format: 'VTT', label: 'WebVTT', ending: 'vtt' },
  { format: 'SRT', label: 'SubRip', ending: 'srt' },
  { format: 'TEXT', label: 'Text', ending: 'txt' },
  { format: 'JSON', label: 'JSON', ending: 'json' },
];

/** Downloads the transcript as a file. */
export function ExportTranscript({ meeting }: { meeting: Meeting }) {
  const { run, busy, problem } = useAction();
  const download = (name: string) =>
    run(async (client) => {
      const chosen = FORMATS.find(({ format }) => format === name);
      if (!chosen) return;
      const data = await query(client, TRANSCRIPT_FILE, { id: meeting.id, format: chosen.format });
      save(data.meeting?.transcript ?? '', `${meeting.title}.${chosen.ending}`);
    });
  return (
    <>
      <select aria-label="Export" value="" disabled={busy} onChange={(event) => void download(event.target.value)}>
        <option value="" disabled>Export…</option>
        {FORMATS.map(({ format, label }) => <option key={format} value={format}>{label}</option>)}
      </select>
      <Problem message={problem} />
    </>
  );
}

function save(content: string, fileName: string): void {
  const url = URL.createObjectURL(new Blob([content]));
  const link = Object.assign(document.createElement('a'), { href: url, download: fileName });
  link.click();
  URL.revokeObjectURL(url);
}
