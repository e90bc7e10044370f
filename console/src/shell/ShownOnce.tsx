import { CopyButton } from './CopyButton';
import { Dialog } from './Dialog';

interface Props {
  title: string;
  /** What the text is, as a screen reader names it. */
  label: string;
  text: string;
  onClose: () => void;
}

/** Shows a secret that the server gives once. */
export function ShownOnce({ title, label, text, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="stack">
        <p>Copy it now: it is shown this once.</p>
        <pre className="code" tabIndex={0} aria-label={label}>{text}</pre>
        <div className="row"><CopyButton text={text} /></div>
      </div>
    </Dialog>
  );
}
