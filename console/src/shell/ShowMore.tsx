interface Props {
  pages: { hasMore: boolean; isLoadingMore: boolean; loadMore: () => void };
}

/** The button below a list of which there is more. */
export function ShowMore({ pages: { hasMore, isLoadingMore, loadMore } }: Props) {
  return hasMore && <button type="button" onClick={loadMore} disabled={isLoadingMore}>Show more</button>;
}
