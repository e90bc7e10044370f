// Imports transcript files: those that are dropped on the page, and those that are chosen.

import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { ImportedFile } from './ImportedFile';

interface Item {
  number: number;
  file: File;
}

export function ImportFiles({ onImported }: { onImported: () => void }) {
  const [items, setItems] = useState<readonly Item[]>([]);
  const [isDragging, setIsDragging] = useState(false);
  const count = useRef(0);

  const add = useEffectEvent((files: FileList | null) => {
    const added = [...(files ?? [])].map((file) => ({ number: (count.current += 1), file }));
    setItems((before) => [...added, ...before]);
  });
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setIsDragging(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setIsDragging(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setIsDragging(false);
      add(event.dataTransfer?.files ?? null);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);

  return (
    <>
      <label className="file-button">
        Import files…
        <input
          type="file"
          multiple
          onChange={(event) => {
            add(event.target.files);
            event.target.value = ''; // the same file may be chosen again
          }}
        />
      </label>
      {isDragging && <div className="drop-hint">Drop transcript files to import them</div>}
      {items.length > 0 && (
        <ul className="imports" aria-label="Imported files">
          {items.map(({ number, file }) => <ImportedFile key={number} file={file} onImported={onImported} />)}
        </ul>
      )}
    </>
  );
}
