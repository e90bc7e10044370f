import { useDroppedFiles } from './useDroppedFiles';

/** Takes transcript files: those that are chosen, and those that are dropped on the page. */
export function ImportButton({ onFiles }: { onFiles: (files: FileList) => void }) {
  const isDragging = useDroppedFiles(onFiles);
  return (
    <>
      <label className="file-button">
        Import files…
        <input
          type="file"
          multiple
          onChange={(event) => {
            if (event.target.files) onFiles(event.target.files);
            event.target.value = ''; // the same file may be chosen again
          }}
        />
      </label>
      {isDragging && <div className="drop-hint">Drop transcript files to import them</div>}
    </>
  );
}
