/** Says in words what went wrong; shows nothing while all is well. */
export function Problem({ message, onRetry }: { message: string | null | undefined; onRetry?: () => void }) {
  if (!message) return null;
  return (
    <p className="problem" role="alert">
      {message} {onRetry && <button type="button" className="link" onClick={onRetry}>Try again</button>}
    </p>
  );
}
