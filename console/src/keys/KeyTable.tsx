import { moment } from '../shell/times';
import type { ApiKey } from './operations';
import { RevokeKey } from './RevokeKey';

interface Props {
  keys: readonly ApiKey[];
  onChange: () => void;
}

export function KeyTable({ keys, onChange }: Props) {
  return (
    <div className="matrix" role="region" aria-label="Keys" tabIndex={0}>
      <table>
        <thead>
          <tr>{['Name', 'Scopes', 'Created', 'Last use', 'State'].map((head) => <th key={head} scope="col">{head}</th>)}</tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row">{key.name}</th>
              <td>{key.scopes.join(', ')}</td>
              <td>{moment(key.createdAt)} by {key.createdBy}</td>
              <td>{key.lastUsedAt ? moment(key.lastUsedAt) : 'Never'}</td>
              <td>{key.isActive ? <><ActiveState apiKey={key} /> <RevokeKey apiKey={key} onDone={onChange} /></> : endedState(key)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ActiveState({ apiKey }: { apiKey: ApiKey }) {
  return <span className="badge is-active">{apiKey.expiresAt ? `Until ${moment(apiKey.expiresAt)}` : 'Active'}</span>;
}

function endedState(key: ApiKey): string {
  if (key.revokedAt) return `Revoked ${moment(key.revokedAt)} by ${key.revokedBy}`;
  return key.expiresAt ? `Expired ${moment(key.expiresAt)}` : 'Not active';
}
