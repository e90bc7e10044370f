// The speakers of a meeting: how long each has spoken, and what they are called.

import { useMemo } from 'react';
import type { Meeting } from '../meetings/operations';
import { useScope } from '../shell/viewer';
import { SpeakerItem } from './SpeakerItem';
import { speakerTimes } from './speakers';
import type { Transcript } from './transcript';

export function SpeakersPanel({ transcript, meeting }: { transcript: Transcript; meeting: Meeting }) {
  const times = useMemo(
    () => speakerTimes(transcript.segments, meeting.speakerNames),
    [transcript.segments, meeting.speakerNames],
  );
  const mayWrite = useScope('WRITE');
  if (times.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="speakers">
      <h2 id="speakers">Speakers</h2>
      <ul className="speakers">
        {times.map((time) => (
          <SpeakerItem
            key={time.label}
            meetingId={meeting.id}
            time={time}
            place={transcript.speakers.indexOf(time.name)}
            mayName={mayWrite && time.label !== ''}
          />
        ))}
      </ul>
    </section>
  );
}
