import { Link } from 'wouter';
import { Empty } from './Empty';

export function NotFoundPage() {
  return (
    <Empty title="There is no such page">
      <Link href="/meetings">All meetings</Link>
    </Empty>
  );
}
